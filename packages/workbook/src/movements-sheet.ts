import { MOVEMENT_HEADER as HEADER, movementLabel } from './labels.js';
import type { MovementRow, WorkbookLanguage } from './statement.js';
import type { Column } from './table-sheet.js';

/** The columns of the movements. The hash is for a machine: it stays in the file and off the paper. */
export function movementColumns(language: WorkbookLanguage): readonly Column<MovementRow>[] {
  return [
    { key: 'sequence', header: HEADER.sequence, width: 7, kind: 'number', value: (row) => row.sequence },
    { key: 'occurredOn', header: HEADER.occurredOn, width: 11, kind: 'date', value: (row) => row.occurredOn },
    { key: 'recordedAt', header: HEADER.recordedAt, width: 16, kind: 'time', value: (row) => row.recordedAt },
    {
      key: 'type',
      header: HEADER.type,
      width: 20,
      kind: 'text',
      value: (row) => movementLabel(row.type, language),
    },
    { key: 'activity', header: HEADER.activity, width: 32, kind: 'text', value: (row) => row.activity },
    {
      key: 'performedBy',
      header: HEADER.performedBy,
      width: 24,
      kind: 'text',
      value: (row) => row.performedBy,
    },
    { key: 'actor', header: HEADER.actor, width: 24, kind: 'text', value: (row) => row.actor },
    {
      key: 'actualMinutes',
      header: HEADER.actual,
      width: 10,
      kind: 'minutes',
      value: (row) => row.actualMinutes,
    },
    {
      key: 'multiplier',
      header: HEADER.multiplier,
      width: 7,
      kind: 'number',
      value: (row) => row.multiplier,
    },
    {
      key: 'chargedDeltaMinutes',
      header: HEADER.charged,
      width: 10,
      kind: 'delta',
      value: (row) => row.chargedDeltaMinutes,
      summed: true,
    },
    {
      key: 'postedDeltaMinutes',
      header: HEADER.posted,
      width: 10,
      kind: 'delta',
      value: (row) => row.postedDeltaMinutes,
      summed: true,
    },
    {
      key: 'heldDeltaMinutes',
      header: HEADER.held,
      width: 11,
      kind: 'delta',
      value: (row) => row.heldDeltaMinutes,
      summed: true,
    },
    {
      key: 'postedMinutes',
      header: HEADER.postedAfter,
      width: 10,
      kind: 'minutes',
      value: (row) => row.postedMinutes,
    },
    {
      key: 'heldMinutes',
      header: HEADER.heldAfter,
      width: 11,
      kind: 'minutes',
      value: (row) => row.heldMinutes,
    },
    {
      key: 'availableMinutes',
      header: HEADER.availableAfter,
      width: 11,
      kind: 'minutes',
      value: (row) => row.availableMinutes,
    },
    {
      key: 'availableHours',
      header: HEADER.hours,
      width: 9,
      kind: 'duration',
      value: (row) => row.availableMinutes,
      of: 'availableMinutes',
    },
    { key: 'note', header: HEADER.note, width: 30, kind: 'text', value: (row) => row.note },
    { key: 'hash', header: HEADER.hash, width: 68, kind: 'text', value: (row) => row.hash, unprinted: true },
  ];
}
