import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SmtpSink } from '../testing/smtp-sink.js';
import { outboxDelivery, RecipientRefusedError, smtpDelivery } from './delivering.js';

const envelope = {
  mailId: '7f0c',
  from: 'assistenza@agenzia.example',
  to: 'turismo@comune.example',
  createdAt: '2026-11-24T09:00:00.123Z',
};
const bytes = Buffer.from(
  'Subject: Prova\r\nMessage-ID: <a@b>\r\n\r\n.una riga\r\n..due\r\nperch\xc3\xa9\r\n',
  'latin1',
);

describe('R11 delivery by SMTP', () => {
  let sink: SmtpSink;

  beforeEach(async () => {
    sink = await SmtpSink.start();
  });

  afterEach(() => sink.stop());

  it('carries the bytes as they are, dots and all', async () => {
    await smtpDelivery(sink.url).deliver(envelope, bytes);
    expect(sink.received).toEqual([{ to: envelope.to, from: envelope.from, raw: bytes }]);
  });

  it.each([550, 553, 500])('%d to the recipient is for good', async (code) => {
    sink.behave(envelope.to, { code });
    const refused = smtpDelivery(sink.url).deliver(envelope, bytes);
    await expect(refused).rejects.toThrow(RecipientRefusedError);
    await expect(refused).rejects.toMatchObject({ responseCode: code });
  });

  it.each([421, 450, 451, 452])('%d passes', async (code) => {
    sink.behave(envelope.to, { code });
    const deferred = smtpDelivery(sink.url).deliver(envelope, bytes);
    await expect(deferred).rejects.toMatchObject({ responseCode: code });
    await expect(deferred).rejects.not.toThrow(RecipientRefusedError);
  });

  it.each(['hang', 'drop-after-data'] as const)('a server that does %s is left', async (behaviour) => {
    sink.behave(envelope.to, behaviour);
    const left = smtpDelivery(sink.url, 200).deliver(envelope, bytes);
    await expect(left).rejects.not.toThrow(RecipientRefusedError);
  });

  it('a server that is not there passes as well', async () => {
    const { url } = sink;
    await sink.stop();
    await expect(smtpDelivery(url, 200).deliver(envelope, bytes)).rejects.toMatchObject({ code: 'ESOCKET' });
    sink = await SmtpSink.start();
  });
});

describe('R11 delivery into the outbox', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outbox-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('writes one complete file, for its owner alone, in a directory that it makes', async () => {
    const outbox = join(directory, 'data', 'outbox');
    await outboxDelivery(outbox).deliver(envelope, bytes);
    expect(await readdir(outbox)).toEqual(['20261124T090000123Z-7f0c.eml']);
    const file = join(outbox, '20261124T090000123Z-7f0c.eml');
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('writes a repeat over the same file', async () => {
    const delivery = outboxDelivery(directory);
    await delivery.deliver(envelope, bytes);
    await delivery.deliver(envelope, bytes);
    await delivery.deliver({ ...envelope, mailId: 'other' }, bytes);
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('leaves nothing behind of an attempt that failed', async () => {
    const inTheWay = join(directory, '20261124T090000123Z-7f0c.eml');
    await mkdir(inTheWay);
    await expect(outboxDelivery(directory).deliver(envelope, bytes)).rejects.toThrow();
    expect(await readdir(directory)).toEqual(['20261124T090000123Z-7f0c.eml']);
  });

  it('says so when it cannot', async () => {
    const blocked = outboxDelivery(join(directory, 'x\u0000y'));
    await expect(blocked.deliver(envelope, bytes)).rejects.toThrow();
    expect(await readdir(directory)).toEqual([]);
  });
});
