import { expect } from '@jest/globals';
import { type Instance, plainMail, sendRawMail, untilAnswered } from '../harness/index.ts';

export const floodSubject = (index: number): string => `Guasto numero ${index}`;
export const floodMessageId = (index: number): string => `<guasto-${index}@cliente.example>`;

export interface Flood {
  readonly from: string;
  readonly to: string;
  readonly mails: number;
  readonly senders: number;
  /** After each that was answered with 250, with how many have been so far. */
  readonly onTaken: (taken: number) => void;
}

/** Gives so many requests by mail as fast as they are taken, each again until it is. None may be refused for good. */
export async function floodWithMails(
  instance: Instance,
  { from, to, mails, senders, onTaken }: Flood,
): Promise<void> {
  let [next, taken] = [0, 0];
  const give = async (index: number) => {
    const mail = plainMail({
      from,
      to,
      subject: floodSubject(index),
      text: `Vi chiediamo di correggere la pagina ${index}.`,
      messageId: floodMessageId(index),
    });
    await untilAnswered(`mail ${index}`, async () => {
      const answer = await sendRawMail(instance.smtp, mail, { from, to }).catch(() => null);
      expect(answer === null || answer.code < 500).toBe(true);
      return answer?.code === 250 ? answer : null;
    });
    taken += 1;
    onTaken(taken);
  };
  await Promise.all(
    Array.from({ length: senders }, async () => {
      while (next < mails) await give(next++);
    }),
  );
}
