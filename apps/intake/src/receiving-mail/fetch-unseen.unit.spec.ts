import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '@monteore/kernel';
import { type FetchedMail, fetchUnseen } from './fetch-unseen.js';
import { MAX_MAIL_BYTES } from './inbound-mail.controller.js';

/** A mailbox of another server, as its IMAP answers show it. */
function mailbox(mails: ReadonlyMap<number, FetchedMail | null>) {
  const seen: number[] = [];
  return {
    seen,
    unseen: async () => [...mails.keys()].filter((uid) => !seen.includes(uid)),
    fetch: async (uid: number) => mails.get(uid) ?? null,
    markSeen: async (uid: number) => {
      seen.push(uid);
    },
  };
}
const mail = (text: string, sizeBytes = text.length): FetchedMail => ({ raw: Buffer.from(text), sizeBytes });

describe('R8 mails fetched over IMAP', () => {
  it('are taken oldest first and marked seen only after they were taken', async () => {
    const box = mailbox(
      new Map([
        [12, mail('second')],
        [7, mail('first')],
      ]),
    );
    const taken: [string, number[]][] = [];
    const count = await fetchUnseen(
      box,
      async ({ raw }) => void taken.push([String(raw), [...box.seen]]),
      () => {},
    );
    expect(taken).toEqual([
      ['first', []],
      ['second', [7]],
    ]);
    expect([count, box.seen]).toEqual([2, [7, 12]]);
  });

  it('stay unseen, and the rest waits, while nothing can be taken', async () => {
    const box = mailbox(
      new Map([
        [1, mail('a')],
        [2, mail('b')],
      ]),
    );
    const refused: number[] = [];
    const away = async () => {
      throw new UnavailableError('service.unavailable', 'the database is away');
    };
    expect(await fetchUnseen(box, away, (uid) => refused.push(uid))).toBe(0);
    expect([box.seen, refused]).toEqual([[], [1]]);
  });

  it('one that fails by itself stays unseen and stops no other', async () => {
    const box = mailbox(
      new Map([
        [1, mail('bad')],
        [2, mail('good')],
      ]),
    );
    const refused: number[] = [];
    const take = async ({ raw }: FetchedMail) => {
      if (String(raw) === 'bad') throw new Error('bad');
    };
    expect(await fetchUnseen(box, take, (uid) => refused.push(uid))).toBe(1);
    expect([box.seen, refused]).toEqual([[2], [1]]);
  });

  it('one that is too large is told once and one that is gone is passed over', async () => {
    const box = mailbox(
      new Map([
        [1, mail('huge', MAX_MAIL_BYTES + 1)],
        [2, null],
        [3, mail('c')],
      ]),
    );
    const refused: number[] = [];
    const taken: string[] = [];
    await fetchUnseen(
      box,
      async ({ raw }) => void taken.push(String(raw)),
      (uid) => refused.push(uid),
    );
    expect([taken, box.seen, refused]).toEqual([['c'], [1, 3], [1]]);
  });
});
