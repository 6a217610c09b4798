import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { type Answer, eventually, insistently, openPackage, type RestClient } from '../harness/index.ts';
import { expectEveryMailOnce } from './mails-once.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(240_000);

const MINUTES = 20_000;
const APPROVED_MINUTES = 10_000;
const WORKERS = 6;
const OPENED_AT_ONCE = 20;

let survivor: Survivor;
let team: RestClient;

beforeAll(async () => {
  survivor = await Survivor.start();
  team = await survivor.rest('administrator');
}, 90_000);

afterAll(() => survivor?.proveAndStop());

/** Somebody else's connections to the database, until it takes no more and Monteore has none. */
class Occupied {
  private readonly clients: pg.Client[] = [];
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async takeAll(): Promise<void> {
    await this.open();
    const [admin] = this.clients;
    await eventually(
      async () => {
        const { rows } = await admin!.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename NOT IN ('postgres') AND backend_type = 'client backend'",
        );
        const opened = await Promise.all(Array.from({ length: OPENED_AT_ONCE }, () => this.open()));
        return rows.length === 0 && !opened.some((isOpen) => isOpen);
      },
      'a database without a connection left',
      60_000,
    );
  }

  async letGo(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end()));
  }

  /** False when the server takes no more. */
  private async open(): Promise<boolean> {
    const client = new pg.Client(this.url);
    client.on('error', () => {});
    try {
      await client.connect();
      this.clients.push(client);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' });
      return false;
    }
  }
}

describe('R1 the database has no connection left, under load', () => {
  test('meanwhile the answer is 503 with Retry-After; it goes on by itself and counts everything once', async () => {
    const steps = await openPackage(survivor, team, { minutes: MINUTES, policy: { thresholdsPercent: [] } });
    const activityId = await steps.approvedExtra('Lavoro', APPROVED_MINUTES);
    const refused: Answer[] = [];
    const entries: Answer[] = [];
    let isOver = false;
    const working = Array.from({ length: WORKERS }, async () => {
      while (!isOver)
        entries.push(
          await insistently((key) => steps.work(activityId, 1, {}, { key }), {
            onUnavailable: (answer) => refused.push(answer),
          }),
        );
    });
    await eventually(() => entries.length > WORKERS, 'the first entries');
    const occupied = new Occupied(await survivor.adminDatabaseUrl());
    await occupied.takeAll();
    const refusedBefore = refused.length;
    await eventually(() => refused.length >= refusedBefore + 10 * WORKERS, 'refused calls', 60_000);
    const recordedBefore = entries.length;
    await occupied.letGo();
    await eventually(() => entries.length >= recordedBefore + 10 * WORKERS, 'entries afterwards', 60_000);
    isOver = true;
    await Promise.all(working);
    for (const { headers, body } of refused) {
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(body).toMatchObject({ status: 503, code: expect.any(String) });
    }
    expect(new Set(entries.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(entries.map(({ body }) => body.workEntryId)).size).toBe(entries.length);
    await steps.books({
      postedMinutes: MINUTES - entries.length,
      heldMinutes: APPROVED_MINUTES - entries.length,
    });
    await expectEveryMailOnce(survivor, team, steps.packageId);
    await eventually(
      async () => (await fetch(`${survivor.baseUrl}/health/ready`)).status === 200,
      'ready again',
    );
  });
});
