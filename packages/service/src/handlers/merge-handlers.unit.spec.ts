import { describe, expect, test } from '@jest/globals';
import type { Message, MessageHandler } from '@monteore/messaging';
import type { ServiceTransaction } from '../database/service-database.js';
import { mergeHandlers } from './merge-handlers.js';

const message = { type: 'Opened' } as Message;
const tx = {} as ServiceTransaction;

function noting(notes: string[], name: string, reacts: boolean): MessageHandler<ServiceTransaction> {
  return {
    project: async () => {
      notes.push(`${name} projects`);
    },
    ...(reacts
      ? {
          react: async () => {
            notes.push(`${name} reacts`);
          },
        }
      : {}),
  };
}

describe('handlers of several parts of a service', () => {
  test('all act on a type that several know, in order; one that only one knows stays its own', async () => {
    const notes: string[] = [];
    const alone = noting(notes, 'alone', false);
    const merged = mergeHandlers(
      { ledger: { Opened: noting(notes, 'first', true) } },
      { ledger: { Opened: noting(notes, 'second', false), Closed: alone }, people: { Known: alone } },
    );
    await merged.ledger!.Opened!.react!(message);
    await merged.ledger!.Opened!.project!(message, tx);
    expect(notes).toEqual(['first reacts', 'first projects', 'second projects']);
    expect([merged.ledger!.Closed, merged.people!.Known]).toEqual([alone, alone]);
  });

  test('what one of them would project with others at once stands alone among them', async () => {
    const notes: string[] = [];
    const projectAll = async (messages: readonly Message[]) => {
      notes.push(`${messages.length} at once`);
    };
    const [before, after] = [noting(notes, 'first', false), noting(notes, 'last', false)];
    const merged = mergeHandlers(
      ...[before, { projectAll }, after].map((Opened) => ({ ledger: { Opened } })),
    );
    await merged.ledger!.Opened!.project!(message, tx);
    expect(notes).toEqual(['first projects', '1 at once', 'last projects']);
  });

  test('where nobody reacts there is no reaction', () => {
    const part = { ledger: { Opened: noting([], 'x', false) } };
    expect(mergeHandlers(part, part).ledger!.Opened!.react).toBeUndefined();
  });
});
