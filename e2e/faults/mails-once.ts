import { expect } from '@jest/globals';
import { eventually, type Instance, type Parsed, type RestClient } from '../harness/index.ts';

const LIMIT_MILLISECONDS = 60_000;

/** Every mail out of a package, once all of them have been sent. Throws Error when some stay queued. */
export function allSent(team: RestClient, packageId: string): Promise<Parsed[]> {
  return eventually(
    async () => {
      const mails = await team.all(`/intake/v1/outbound-mail?packageId=${packageId}`);
      return mails.length > 0 && mails.every(({ state }) => state === 'sent') ? mails : null;
    },
    `every mail of package ${packageId} sent`,
    LIMIT_MILLISECONDS,
  );
}

/** R11: what intake recorded for the package lies in the outbox, each Message-ID in one file. */
export async function expectEveryMailOnce(
  instance: Instance,
  team: RestClient,
  packageId: string,
): Promise<void> {
  const recorded: string[] = (await allSent(team, packageId)).map(({ messageId }) => messageId);
  expect(new Set(recorded).size).toBe(recorded.length);
  const files = new Map<string, number>();
  for (const { parsed } of await instance.outbox.mails())
    files.set(parsed.messageId ?? '', (files.get(parsed.messageId ?? '') ?? 0) + 1);
  expect(recorded.map((messageId) => [messageId, files.get(messageId)])).toEqual(
    recorded.map((messageId) => [messageId, 1]),
  );
}
