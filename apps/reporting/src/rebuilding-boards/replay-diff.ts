import { type Messaging, Replay, takenBy } from '@monteore/messaging';
import { BOARD_TOPICS } from '../folding-boards/handlers.js';
import { BOARD_TABLES } from '../folding-boards/tables.js';
import { compareBoards, type TableDiff } from './comparing-boards.js';
import { OwnerConnection } from './owner-connection.js';
import { Shadow } from './shadow.js';

export interface ReplayDiffOptions {
  /** Of the role that owns the tables. */
  readonly ownerUrl: string;
  /** The service's schema. */
  readonly schema: string;
  readonly messaging: Messaging;
  readonly onProgress?: (readMessages: bigint, allMessages: bigint) => void;
}

export interface BoardsDiff {
  /** Messages that both were folded of. */
  readonly messages: number;
  readonly tables: readonly TableDiff[];
}

const SMALL_REST = 1000n;
/** The comparison of all rows is one statement a table. */
const COMPARISON_MILLISECONDS = 600_000;

/**
 * What a rebuild by this build would change in the boards that serve, at the offsets at which they stand in one moment.
 * It writes tables of its own only, which it removes, and keeps neither the consumer nor a reader waiting.
 * Throws Error that says why it cannot be known.
 */
export async function replayDiff(options: ReplayDiffOptions): Promise<BoardsDiff> {
  const { ownerUrl, schema } = options;
  const owner = await OwnerConnection.open(ownerUrl);
  try {
    if (!(await owner.tryLock(`monteore.${schema}.replay-diff`)))
      throw new Error('another replay-diff runs on this database: wait until it has ended');
    const shadow = new Shadow(owner, `${schema}_replay`);
    try {
      await shadow.make();
      return await diff(owner, shadow, options);
    } finally {
      await shadow.drop().catch(() => {});
    }
  } finally {
    await owner.close();
  }
}

async function diff(
  owner: OwnerConnection,
  shadow: Shadow,
  { schema, messaging, onProgress }: ReplayDiffOptions,
): Promise<BoardsDiff> {
  let all = 0n;
  const replay: Replay = new Replay({
    subscriber: messaging,
    group: `monteore.${schema}.replay-diff`,
    fold: (topic, messages) => shadow.fold(topic, messages, () => onProgress?.(replay.read, all)),
  });
  const taken = () => takenBy(owner, schema, BOARD_TOPICS);
  let known = await taken();
  do {
    all = replay.read + replay.behind(known);
    await replay.catchUp(known);
    await shadow.flush();
    known = await taken();
  } while (replay.behind(known) > SMALL_REST);
  await shadow.analyse();
  const serving = await servingTables(owner, schema);
  return owner.transaction(async () => {
    // Before the moment is chosen: a rebuild that swaps meanwhile waits.
    await owner.script(`LOCK TABLE ${serving.join(', ')} IN ACCESS SHARE MODE`);
    await replay.catchUp(await taken());
    await shadow.flush();
    await owner.script(`SET LOCAL statement_timeout TO ${COMPARISON_MILLISECONDS}`);
    const tables = await compareBoards(owner, schema, shadow.schema);
    return { messages: Number(replay.read), tables };
  }, 'REPEATABLE READ');
}

/** A release may bring tables that do not serve yet. */
async function servingTables(owner: OwnerConnection, schema: string): Promise<readonly string[]> {
  const rows = await owner.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
    [BOARD_TABLES.map((table) => `${schema}.${table}`)],
  );
  return rows.map(({ name }) => name);
}
