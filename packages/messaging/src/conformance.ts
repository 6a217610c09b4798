import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeConsuming } from './conformance/consuming.js';
import type { MessagingFixture } from './conformance/fixtures.js';
import { describePublishing } from './conformance/publishing.js';
import { describeReplaying } from './conformance/replaying.js';

export * from './conformance/fixtures.js';

/** What every driver of the messaging port does alike. For spec files only: it declares Jest tests. */
export function describeMessaging(name: string, create: () => Promise<MessagingFixture>): void {
  describe(`messaging ${name}`, () => {
    let current: MessagingFixture;
    beforeAll(async () => {
      current = await create();
    }, 60_000);
    afterAll(() => current.destroy());
    const fixture = () => current;

    describe('publishing', () => describePublishing(fixture));
    describe('consuming', () => describeConsuming(fixture));
    describe('replaying', () => describeReplaying(fixture));
  });
}
