import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ActivityRow, type MovementRow, type StatementHead, writeStatement } from '@monteore/workbook';
import type { WrittenSpreadsheet } from './section.ts';

/** Writes one large statement to a file and tells on standard output what it cost this process. */
const [rowsText = '', file = ''] = process.argv.slice(2);
const rows = Number(rowsText);
const ACTIVITIES = 500;
const GRANTED_MINUTES = 600_000;
const charged = rows - 1;

const head: StatementHead = {
  packageName: 'Pacchetto grande',
  clientName: 'Museo',
  referent: 'referente@agenzia.example',
  status: 'closed',
  openedOn: '2025-03-03',
  closedOn: '2025-12-31',
  generatedAt: '2025-12-31T17:00:00.000Z',
  balances: {
    grantedMinutes: GRANTED_MINUTES,
    chargedMinutes: charged,
    postedMinutes: GRANTED_MINUTES - charged,
    heldMinutes: 0,
    availableMinutes: GRANTED_MINUTES - charged,
    pendingMinutes: 0,
  },
  lots: [
    { label: '1', minutes: GRANTED_MINUTES, remainingMinutes: GRANTED_MINUTES - charged, state: 'open' },
  ],
};

const chargesOf = (activity: number): number =>
  Math.floor(charged / ACTIVITIES) + (activity < charged % ACTIVITIES ? 1 : 0);

function* activities(): Generator<ActivityRow> {
  for (let activity = 0; activity < ACTIVITIES; activity += 1)
    yield {
      number: activity + 1,
      displayTitle: `Aggiornamento del modulo dei contatti ${activity + 1}`,
      kind: 'update',
      origin: 'agreed',
      urgent: false,
      assignee: 'sviluppo@agenzia.example',
      workStatus: 'done',
      approval: 'approved',
      state: 'done',
      estimateVersion: 1,
      estimateMinutes: chargesOf(activity),
      multiplier: 1,
      weightedMinutes: chargesOf(activity),
      actualMinutes: chargesOf(activity),
      chargedMinutes: chargesOf(activity),
      overrunMinutes: 0,
      dueOn: '2025-06-30',
      dueFirmness: 'flexible',
      unfinished: false,
    };
}

function* movements(): Generator<MovementRow> {
  const common = {
    occurredOn: '2025-03-03',
    recordedAt: '2025-03-03T10:00:00.000Z',
    heldDeltaMinutes: 0,
    heldMinutes: 0,
  };
  for (let sequence = 1; sequence <= rows; sequence += 1) {
    const posted = GRANTED_MINUTES - (sequence - 1);
    const isLot = sequence === 1;
    yield {
      ...common,
      sequence,
      type: isLot ? 'LotAdded' : 'WorkCharged',
      activity: isLot ? '' : `Aggiornamento del modulo dei contatti ${(sequence % ACTIVITIES) + 1}`,
      performedBy: 'sviluppo@agenzia.example',
      actor: 'referente@agenzia.example',
      actualMinutes: isLot ? 0 : 1,
      multiplier: 1,
      postedDeltaMinutes: isLot ? GRANTED_MINUTES : -1,
      chargedDeltaMinutes: isLot ? 0 : 1,
      postedMinutes: posted,
      availableMinutes: posted,
      note: `Provato su due browser, voce ${sequence}`,
      hash: String(sequence).padStart(64, 'a'),
    };
  }
}

const begun = performance.now();
const counts = await writeStatement(createWriteStream(file), 'it', head, activities(), movements());
const written: WrittenSpreadsheet = {
  rows: counts.movements,
  seconds: (performance.now() - begun) / 1000,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  fileBytes: (await stat(file)).size,
};
process.stdout.write(JSON.stringify(written));
