import { appendingEvents } from './appending-events/section.ts';
import { catchingUp } from './catching-up/section.ts';
import { followingTheBoard, followingTheBoardApart } from './following-the-board/section.ts';
import { appendingToKurrentDb } from './kurrentdb/section.ts';
import type { Section } from './measuring/section.ts';
import { rebuildingBoards } from './rebuilding-boards/section.ts';
import { recordingOnLongPackages } from './recording-work/on-long-packages.ts';
import { recordingWork, recordingWorkApart } from './recording-work/through-rest.ts';
import { replayingTheLedger } from './replaying-the-ledger/section.ts';
import { starting } from './starting/section.ts';
import { writingSpreadsheets } from './writing-spreadsheets/section.ts';

/** Everything that is measured, in the order in which it runs: those that share a system stand together. */
export const SECTIONS: readonly Section[] = [
  appendingEvents,
  recordingWork,
  followingTheBoard,
  replayingTheLedger,
  recordingOnLongPackages,
  writingSpreadsheets,
  starting,
  recordingWorkApart,
  followingTheBoardApart,
  catchingUp,
  appendingToKurrentDb,
  rebuildingBoards,
];

/** Those that need a Kafka, or stand for how services run apart: measured when `--distributed` or `--only` asks. */
export const DISTRIBUTED = new Set(['h', 'i', 'j', 'k', 'l']);
