import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { activity, head } from './fixtures/statement.js';
import type { MovementRow } from './statement.js';
import { writeStatement } from './write-statement.js';

const ROWS = 100_000;

/** Counts the rows taken from it; each is made when it is asked for. */
class CountedRows implements AsyncIterable<MovementRow> {
  taken = 0;

  async *[Symbol.asyncIterator](): AsyncGenerator<MovementRow> {
    for (let sequence = 1; sequence <= ROWS; sequence += 1) {
      this.taken = sequence;
      yield {
        sequence,
        occurredOn: '2026-03-03',
        recordedAt: '2026-03-03T10:00:00.000Z',
        type: 'WorkCharged',
        // Digits that do not compress, so that bytes out follow rows in.
        note: String(Math.sin(sequence)) + String(Math.cos(sequence)),
        postedDeltaMinutes: 0,
        heldDeltaMinutes: 0,
        chargedDeltaMinutes: 0,
        postedMinutes: 0,
        heldMinutes: 0,
        availableMinutes: 0,
        hash: String(sequence).padStart(64, '0'),
      };
    }
  }
}

/** A reader that takes one chunk each time it is let. */
class HaltingReader extends Writable {
  bytes = 0;
  private waiting: (() => void) | null = null;
  private arrived = Promise.withResolvers<void>();

  constructor() {
    super({ highWaterMark: 16 * 1024 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytes += chunk.byteLength;
    this.waiting = done;
    this.arrived.resolve();
  }

  /** Takes the next chunk; resolves when one more is there, or the writer has ended. */
  async next(ended: Promise<unknown>): Promise<void> {
    const done = this.waiting;
    this.waiting = null;
    this.arrived = Promise.withResolvers<void>();
    done?.();
    await Promise.race([this.arrived.promise, ended]);
  }
}

/** Lets the writer run until it has stopped taking rows by itself. */
async function settled(rows: CountedRows): Promise<number> {
  for (let quiet = 0, taken = rows.taken; quiet < 50; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (rows.taken !== taken) [quiet, taken] = [0, rows.taken];
  }
  return rows.taken;
}

describe('R14 a spreadsheet of 100,000 rows', () => {
  it('is read only as fast as its reader takes it', async () => {
    const rows = new CountedRows();
    const reader = new HaltingReader();
    let isWritten = false;
    const written = writeStatement(reader, 'it', head({}), [activity(1)], rows).finally(() => {
      isWritten = true;
    });
    let chunks = 0;
    let before = 0;
    let mostAtOnce = 0;
    while (!isWritten) {
      await reader.next(written);
      const taken = await settled(rows);
      mostAtOnce = Math.max(mostAtOnce, taken - before);
      before = taken;
      chunks += 1;
    }
    expect(await written).toEqual({ activities: 1, movements: ROWS });
    expect(chunks).toBeGreaterThan(50);
    // A writer that does not wait takes all of them while the reader holds its first chunk.
    expect(mostAtOnce).toBeLessThan(ROWS / 20);
  }, 120_000);

  it('stops reading rows when its reader goes away', async () => {
    const rows = new CountedRows();
    const reader = new HaltingReader();
    const written = writeStatement(reader, 'it', head({}), [], rows);
    const failed = expect(written).rejects.toThrow();
    await reader.next(written.catch(() => {}));
    reader.destroy(new Error('the reader went away'));
    await failed;
    const taken = rows.taken;
    await new Promise((resolve) => setImmediate(resolve));
    expect(rows.taken).toBe(taken);
    expect(taken).toBeLessThan(ROWS);
  });
});
