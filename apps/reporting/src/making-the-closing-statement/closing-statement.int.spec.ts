import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventsTopicOf } from '@monteore/contracts';
import { derivedId, sha256Hex } from '@monteore/kernel';
import type { Message } from '@monteore/messaging';
import type { StartedService, Told } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import {
  closeEstimation,
  closeLedger,
  estimationStory,
  idsOf,
  ledgerStory,
  peopleStory,
} from '../testing/package-story.js';
import { sheetNamesOf, sheetOf } from '../testing/sheets.js';
import { startReporting } from '../testing/started-reporting.js';
import { StatementMaker } from './statement-maker.js';

let database: TestDatabase;
let reporting: StartedService;
let team: string;
const announced: Message[] = [];

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url);
  team = reporting.token('referent', derivedId('person', 'lucia'));
  let next = 0n;
  await reporting.messaging.consume({
    group: 'test',
    topics: [eventsTopicOf('reporting')],
    startAt: () => Promise.resolve(next),
    handle: async ({ deliveries }) => {
      announced.push(...deliveries.map(({ message }) => message));
      next = deliveries.at(-1)!.offset + 1n;
    },
  });
});
afterAll(async () => {
  await reporting.stop();
  await database.drop();
});

/** What was there before closing, then each service's last words. */
function closingOf(name: string) {
  const ledger = ledgerStory(name);
  const estimation = estimationStory(name);
  const before: Told[] = [...peopleStory(name).told, ...ledger.told, ...estimation.told];
  const [ledgerBefore, estimationBefore] = [ledger.told.length, estimation.told.length];
  return {
    before,
    ledger: closeLedger(ledger, name).told.slice(ledgerBefore),
    estimation: closeEstimation(estimation, name).told.slice(estimationBefore),
  };
}

const exportOf = (name: string, token = team) =>
  reporting.get(`/v1/boards/${idsOf(name).packageId}/export.xlsx`, token);

const keptFile = (name: string) =>
  eventually(async () => {
    const answer = await exportOf(name);
    return answer.status === 200 ? answer : null;
  }, `the statement of ${name}`);

const announcementsOf = (name: string) =>
  announced.filter(({ data }) => data.packageId === idsOf(name).packageId);

describe('R14 the closing statement', () => {
  it('is made once the ledger and estimation have said their last word, and is kept byte for byte', async () => {
    const { before, ledger, estimation } = closingOf('prima');
    await reporting.publish(...before, ...ledger);
    const between = await exportOf('prima');
    expect([between.status, between.body.code, between.headers['retry-after']]).toEqual([
      503,
      'reporting.statement-not-yet-made',
      '2',
    ]);
    await reporting.publish(...estimation);
    const file = await keptFile('prima');
    expect(sheetNamesOf(file.bytes)).toEqual(['Attività', 'Movimenti', 'Riepilogo']);
    expect(file.headers).toMatchObject({
      'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'content-disposition': 'attachment; filename="pacchetto-prima-2026-03-31.xlsx"',
      etag: `"${sha256Hex(file.bytes)}"`,
    });
    await eventually(() => announcementsOf('prima').length > 0, 'the announcement');
    expect(announcementsOf('prima')).toMatchObject([
      {
        type: 'ClosingStatementMade',
        key: idsOf('prima').clientId,
        data: {
          packageId: idsOf('prima').packageId,
          clientId: idsOf('prima').clientId,
          sha256: sha256Hex(file.bytes),
          sizeBytes: file.bytes.byteLength,
          fileName: 'pacchetto-prima-2026-03-31.xlsx',
        },
      },
    ]);
    expect((await exportOf('prima')).bytes.equals(file.bytes)).toBe(true);
  });

  it('lists the activities done, every entry with its hash, and totals that agree with the ledger', async () => {
    const { bytes } = await keptFile('prima');
    const activities = sheetOf(bytes, 1);
    expect(activities).toContain('Nuovo banner');
    expect(activities).toContain('Refuso (extra)');
    expect(activities).not.toContain('Nuovo sito (extra)');
    const movements = sheetOf(bytes, 2);
    for (let sequence = 1; sequence <= 12; sequence += 1) {
      expect(movements).toContain(sha256Hex(`${idsOf('prima').packageId}/${sequence}`));
    }
    expect(sheetOf(bytes, 3)).toContain('<f>SUM(');
    expect(sheetOf(bytes, 3)).toContain('fine progetto');
  });

  it('is the same bytes after a restart, and whatever becomes of names', async () => {
    const { bytes } = await keptFile('prima');
    await reporting.restart();
    await reporting.publish(
      ...peopleStory('prima')
        .knows({ personId: idsOf('prima').clientId, kind: 'client', name: 'Altro nome' })
        .told.slice(4),
    );
    expect((await exportOf('prima')).bytes.equals(bytes)).toBe(true);
    const { packageId, viewerId } = idsOf('prima');
    const asViewer = await reporting.get(
      `/v1/boards/${packageId}/export.xlsx`,
      reporting.token('viewer', viewerId),
    );
    expect(asViewer.bytes.equals(bytes)).toBe(true);
  });

  it('comes of estimation being first as well', async () => {
    const { before, ledger, estimation } = closingOf('seconda');
    await reporting.publish(...before, ...estimation);
    expect((await exportOf('seconda')).status).toBe(200);
    await reporting.publish(...ledger);
    await keptFile('seconda');
    await eventually(() => announcementsOf('seconda').length > 0, 'the announcement');
    expect(announcementsOf('seconda')).toHaveLength(1);
  });

  it('is one, however often and from however many sides it is asked for', async () => {
    const { before, ledger, estimation } = closingOf('terza');
    await reporting.publish(...before, ...ledger, ...estimation);
    const maker = reporting.service.app.get(StatementMaker);
    const { packageId } = idsOf('terza');
    await Promise.all([
      maker.makeIfClosed(packageId),
      maker.makeIfClosed(packageId),
      maker.makeIfClosed(packageId),
    ]);
    await reporting.publish(...ledger, ...estimation);
    await reporting.service.core.database.query('UPDATE due_things SET done_at = NULL WHERE entity_id = $1', [
      packageId,
    ]);
    await eventually(async () => {
      const open = await reporting.service.core.database.query(
        'SELECT 1 FROM due_things WHERE done_at IS NULL',
      );
      return open.length === 0;
    }, 'the looks');
    const stored = await reporting.service.core.store.read(`statements-${packageId}`);
    expect(stored).toHaveLength(1);
    expect((await keptFile('terza')).headers.etag).toBe(`"${stored[0]?.data.sha256}"`);
  });

  it('survives a crash between keeping the file and recording it', async () => {
    const { before, ledger, estimation } = closingOf('quarta');
    const { core } = reporting.service;
    const append = core.store.append.bind(core.store);
    let refused = 0;
    core.store.append = async () => {
      refused += 1;
      throw new Error('the process ends here');
    };
    await reporting.publish(...before, ...ledger, ...estimation);
    await eventually(() => refused > 0, 'the crash');
    expect((await exportOf('quarta')).status).toBe(503);
    core.store.append = append;
    const file = await keptFile('quarta');
    expect(await core.store.read(`statements-${idsOf('quarta').packageId}`)).toHaveLength(1);
    expect(sha256Hex(file.bytes)).toBe(String(file.headers.etag).replaceAll('"', ''));
  });

  it('leaves the board to be read, and nothing else', async () => {
    const { body } = await reporting.get(`/v1/boards/${idsOf('prima').packageId}`, team);
    expect(body).toMatchObject({
      status: 'closed',
      closedOn: '2026-03-31',
      closing: { cause: 'decision', reason: 'fine progetto', residual: { kind: 'expire', minutes: 480 } },
      balances: {
        postedMinutes: 0,
        heldMinutes: 0,
        availableMinutes: 0,
        chargedMinutes: 120,
        pendingMinutes: 0,
      },
      overruns: [
        { state: 'absorbed', minutes: 30, reason: 'offerto', decidedBy: { name: 'lucia@agenzia.example' } },
      ],
      waitingForHours: [],
    });
  });
});

describe('The spreadsheet of an open package', () => {
  it('is the board so far, in the language of the contact, else of the client', async () => {
    await reporting.publish(...closingOf('aperta').before);
    const { approverId, viewerId } = idsOf('aperta');
    const asTeam = await exportOf('aperta');
    expect(sheetNamesOf(asTeam.bytes)).toEqual(['Attività', 'Movimenti', 'Riepilogo']);
    expect(sheetNamesOf((await exportOf('aperta', reporting.token('approver', approverId))).bytes)).toEqual([
      'Attività',
      'Movimenti',
      'Riepilogo',
    ]);
    const english = await exportOf('aperta', reporting.token('viewer', viewerId));
    expect(sheetNamesOf(english.bytes)).toEqual(['Activities', 'Movements', 'Summary']);
    expect(sheetOf(asTeam.bytes, 1)).toContain('Formazione');
    expect(sheetOf(asTeam.bytes, 3)).toContain('Museo aperta');
  });

  it('is not given while a part of the board is on its way: a total would be wrong', async () => {
    await reporting.publish(...peopleStory('parte').told, ...ledgerStory('parte').told);
    const answer = await exportOf('parte');
    expect([answer.status, answer.body.code]).toEqual([503, 'reporting.board-incomplete']);
    await reporting.publish(...estimationStory('parte').told);
    expect((await exportOf('parte')).status).toBe(200);
  });
});
