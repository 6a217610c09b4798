import { describe, expect, test } from '@jest/globals';
import { readSettings, SettingsError } from './settings.js';

describe('settings', () => {
  test('have defaults', () => {
    expect(readSettings({}, {})).toEqual({
      data: `${process.cwd()}/.monteore`,
      host: '127.0.0.1',
      port: 8080,
      smtpPort: 2525,
      empty: false,
      imapUrls: [],
      logLevel: 'warn',
    });
  });

  test('come by variable, and a flag wins', () => {
    const environment = {
      MONTEORE_DATA: '/var/lib/monteore',
      MONTEORE_PORT: '9000',
      MONTEORE_EMPTY: 'true',
      MONTEORE_TRUSTED_AUTHSERV_ID: 'mx.agenzia.example',
      MONTEORE_PUBLIC_URL: 'https://ore.agenzia.example/',
      MONTEORE_IMAP_URL: 'imaps://one@mail.example imaps://two@mail.example',
      MONTEORE_SMTP_URL: '',
    };
    expect(readSettings({ port: '9001' }, environment)).toEqual({
      ...readSettings({}, {}),
      data: '/var/lib/monteore',
      port: 9001,
      empty: true,
      trustedAuthservId: 'mx.agenzia.example',
      publicUrl: 'https://ore.agenzia.example',
      imapUrls: ['imaps://one@mail.example', 'imaps://two@mail.example'],
    });
  });

  test.each([
    [{}, { MONTEORE_PORT: 'http' }, 'MONTEORE_PORT="http": a port is a whole number from 0 to 65535'],
    [{ smtpPort: '70000' }, {}, '--smtp-port="70000": a port is a whole number from 0 to 65535'],
    [{}, { MONTEORE_EMPTY: 'perhaps' }, 'MONTEORE_EMPTY="perhaps": true or false is expected'],
    [
      { smtpUrl: 'mail.example' },
      {},
      '--smtp-url="mail.example": not an address that begins with smtp:// or smtps://',
    ],
    [
      {},
      { MONTEORE_TEST_CLOCK: '/no/such/file' },
      'MONTEORE_TEST_CLOCK="/no/such/file": this file does not exist',
    ],
  ])('%j with %j is refused by the name it was given under', (flags, environment, line) => {
    expect(() => readSettings(flags, environment)).toThrow(new SettingsError([line]));
  });

  test('are refused all at once', () => {
    const read = () => readSettings({ port: '-1' }, { MONTEORE_LOG_LEVEL: 'loud' });
    expect(read).toThrow(/^--port="-1": .*\nMONTEORE_LOG_LEVEL="loud": /);
  });
});
