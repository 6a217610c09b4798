import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DyingPostgres, dyingPostgres } from '@monteore/testing';
import { createPostgresMessaging } from './index.js';

let dying: DyingPostgres;
beforeAll(async () => {
  dying = await dyingPostgres();
});
afterAll(() => dying.close());

test('a connection that dies in the packet that opens it fails whoever asked, not the process', async () => {
  const messaging = createPostgresMessaging({ connectionString: dying.url });
  await expect(messaging.ensureTopics([{ name: 'topic', compacted: false }])).rejects.toThrow(
    /terminat|not queryable/,
  );
  await messaging.close();
});
