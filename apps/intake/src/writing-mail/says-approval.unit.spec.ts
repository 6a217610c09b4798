import { describe, expect, it } from '@jest/globals';
import { saysApproval } from './says-approval.js';

describe('R8 a reply that says "approvo" decides nothing by itself', () => {
  it.each([
    'Approvo.',
    'Buongiorno, approvo la stima, grazie',
    'Approviamo!',
    'APPROVO',
    'per noi si approva',
    'Ok, approvato.',
    'Approvata',
    'Diamo la nostra approvazione',
    'I approve the estimate.',
    'we approve',
    'Approved, thanks',
    'Yes - approved',
    'Non approvo',
    'I do not approve this',
    'We reject the estimate',
  ])('%j speaks as if it decided', (text) => {
    expect(saysApproval(text)).toBe(true);
  });

  it.each([
    'Ecco il testo approvato dal sindaco',
    'Attendiamo che la giunta approvi il bilancio',
    'The text was approved by the board',
    'Grazie, perfetto',
    'disapprovo? no: chi approvò fu la giunta',
    'Quando serve la nostra approvazione?',
    '',
  ])('%j does not', (text) => {
    expect(saysApproval(text)).toBe(false);
  });
});
