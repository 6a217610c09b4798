import type { Lot } from '@monteore/contracts';
import { type Actor, type Language, UnavailableError } from '@monteore/kernel';
import { notFound, type ServiceCore } from '@monteore/service';
import type {
  ActivityRow,
  MovementRow,
  ResidualSettlement,
  StatementHead,
  StatementLot,
} from '@monteore/workbook';
import { Inject, Injectable } from '@nestjs/common';
import {
  type ActivityRow as BoardActivityRow,
  type BoardRows,
  type Closing,
  peopleOf,
} from '../board/rows.js';
import type { LabelOf } from '../board/view.js';
import { Boards, type MovementRow as StoredMovement } from '../reading-boards/boards.js';
import { CORE } from '../tokens.js';
import { LOT_ORIGIN } from './lot-origin.js';

/** What a spreadsheet is written from. */
export interface StatementSource {
  readonly head: StatementHead;
  readonly activities: readonly ActivityRow[];
  /** Read page by page, as fast as they are taken. */
  movements(): AsyncGenerator<MovementRow>;
}

const PAGE = 500;

/**
 * The read model as a spreadsheet wants it. Head and activities are of one moment; movements never change, so those
 * up to that moment can be read later, a page at a time, without holding a connection for a slow reader.
 */
@Injectable()
export class StatementSources {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
  ) {}

  /**
   * @param generatedAt RFC 3339; the file's only clock
   * @throws UnavailableError while the rows do not add up to the balances, because a part is still on its way
   */
  async open(packageId: string, language: Language, generatedAt: string): Promise<StatementSource> {
    const rows = await this.boards.load(packageId);
    if (rows === null) throw notFound('reporting', 'board');
    await this.requireComplete(rows);
    const { people } = this.core;
    const labelOf = await people.labels(peopleOf(rows));
    const clientName = (await people.find([rows.package.client_id])).get(rows.package.client_id)?.name ?? '';
    const listed = rows.activities.filter(isListed);
    const titles = new Map(
      rows.activities.map(({ snapshot }) => [snapshot.activityId, snapshot.displayTitle]),
    );
    const residual = await this.residualOf(rows.package.closing);
    return {
      head: headOf(rows, { language, generatedAt, clientName, labelOf, residual }),
      activities: listed.map((row) => activityRow(row, labelOf)),
      movements: () => this.movements(packageId, rows.package.sequence, titles, language),
    };
  }

  /** Both totals of the file that can be counted in two ways, before a byte of it is written. */
  private async requireComplete({ package: found, activities }: BoardRows): Promise<void> {
    const [counted] = await this.core.database.query<{ posted: number; held: number; charged: number }>(
      `SELECT coalesce(sum(posted_delta_minutes), 0)::int AS posted, coalesce(sum(held_delta_minutes), 0)::int AS held,
         coalesce(sum(charged_delta_minutes), 0)::int AS charged
       FROM movements WHERE package_id = $1 AND sequence <= $2`,
      [found.package_id, found.sequence],
    );
    const ofActivities = activities.reduce((sum, row) => sum + (row.charged_minutes ?? 0), 0);
    const agrees =
      counted?.posted === found.posted_minutes &&
      counted.held === found.held_minutes &&
      counted.charged === found.charged_minutes &&
      ofActivities === found.charged_minutes;
    if (!agrees) {
      throw new UnavailableError(
        'reporting.board-incomplete',
        'A part of this board is still on its way here: try again in a moment.',
        1,
      );
    }
  }

  private async residualOf(closing: Closing | null): Promise<ResidualSettlement | undefined> {
    if (closing === null) return undefined;
    const { kind, minutes, toPackageId } = closing.residual;
    const target = toPackageId === undefined ? null : await this.boards.package(toPackageId);
    return { kind, minutes, ...(target === null ? {} : { toPackageName: target.name }) };
  }

  private async *movements(
    packageId: string,
    lastSequence: number,
    titles: ReadonlyMap<string, string>,
    language: Language,
  ): AsyncGenerator<MovementRow> {
    for (let after = 0; ; ) {
      const page = await this.core.database.query<StoredMovement>(
        'SELECT * FROM movements WHERE package_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4',
        [packageId, after, lastSequence, PAGE],
      );
      const labelOf = await this.core.people.labels(page.flatMap(peopleOfMovement));
      for (const row of page) yield movementRow(row, titles, labelOf, language);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.sequence;
    }
  }
}

/** What is or was on the board, and whatever minutes were spent on. */
const isListed = (row: BoardActivityRow): boolean =>
  row.on_board || (row.actual_minutes ?? 0) !== 0 || (row.charged_minutes ?? 0) !== 0;

interface Surroundings {
  readonly language: Language;
  readonly generatedAt: string;
  readonly clientName: string;
  readonly labelOf: LabelOf;
  readonly residual: ResidualSettlement | undefined;
}

function headOf({ package: found }: BoardRows, around: Surroundings): StatementHead {
  const { language, generatedAt, clientName, labelOf, residual } = around;
  return {
    packageName: found.name,
    clientName,
    referent: labelOf(found.referent_id) ?? '',
    status: found.status,
    openedOn: found.opened_on,
    ...(found.closed_on === null ? {} : { closedOn: found.closed_on }),
    ...(found.closing?.reason === undefined ? {} : { closingReason: found.closing.reason }),
    ...(residual === undefined ? {} : { residual }),
    generatedAt,
    balances: {
      grantedMinutes: found.granted_minutes,
      chargedMinutes: found.charged_minutes,
      postedMinutes: found.posted_minutes,
      heldMinutes: found.held_minutes,
      availableMinutes: found.available_minutes,
      pendingMinutes: found.pending_minutes ?? 0,
    },
    lots: found.lots.map((lot, index) => lotOf(lot, index + 1, language)),
    verification: { entries: found.sequence, headHash: found.head_hash },
  };
}

const lotOf = (lot: Lot, number: number, language: Language): StatementLot => ({
  label: `${number} · ${LOT_ORIGIN[lot.origin][language]}`,
  minutes: lot.minutes,
  ...(lot.expiresOn === undefined ? {} : { expiresOn: lot.expiresOn }),
  remainingMinutes: lot.remainingMinutes,
  state: lot.state,
});

function activityRow(row: BoardActivityRow, labelOf: LabelOf): ActivityRow {
  const { snapshot } = row;
  const { estimate, due } = snapshot;
  return {
    number: snapshot.number,
    displayTitle: snapshot.displayTitle,
    kind: snapshot.kind,
    origin: snapshot.origin,
    urgent: snapshot.urgent,
    assignee: labelOf(snapshot.assigneeId),
    workStatus: snapshot.workStatus,
    approval: snapshot.approval,
    state: snapshot.state,
    estimateVersion: estimate?.version,
    estimateMinutes: estimate?.minutes,
    multiplier: estimate?.multiplier,
    weightedMinutes: estimate?.weightedMinutes,
    actualMinutes: row.actual_minutes ?? 0,
    chargedMinutes: row.charged_minutes ?? 0,
    overrunMinutes: row.overrun_minutes ?? 0,
    dueOn: due?.date,
    dueFirmness: due?.firmness,
    unfinished: snapshot.unfinished,
  };
}

const peopleOfMovement = ({ actor, performed_by_id }: StoredMovement): string[] =>
  [actor.subject, actor.onBehalfOf, performed_by_id ?? undefined].filter(
    (personId) => personId !== undefined,
  );

function movementRow(
  row: StoredMovement,
  titles: ReadonlyMap<string, string>,
  labelOf: LabelOf,
  language: Language,
): MovementRow {
  const named = row.activity_ids.map((activityId) => titles.get(activityId) ?? activityId);
  return {
    sequence: row.sequence,
    occurredOn: row.occurred_on,
    recordedAt: row.recorded_at,
    type: row.type,
    activity: named.length === 0 ? undefined : named.join('; '),
    performedBy: labelOf(row.performed_by_id ?? undefined),
    actor: actorText(row.actor, labelOf, language),
    actualMinutes: row.actual_minutes ?? undefined,
    multiplier: row.multiplier ?? undefined,
    postedDeltaMinutes: row.posted_delta_minutes,
    heldDeltaMinutes: row.held_delta_minutes,
    chargedDeltaMinutes: row.charged_delta_minutes,
    postedMinutes: row.posted_minutes,
    heldMinutes: row.held_minutes,
    availableMinutes: row.available_minutes,
    note: row.note ?? undefined,
    hash: row.hash,
  };
}

/** R5: both names where somebody acted for a contact; nobody acted where a timer did. */
function actorText(
  { subject, role, onBehalfOf }: Actor,
  labelOf: LabelOf,
  language: Language,
): string | undefined {
  const name = role === 'system' ? (language === 'it' ? 'automatico' : 'automatic') : labelOf(subject);
  if (onBehalfOf === undefined) return name;
  return `${name} ${language === 'it' ? 'per conto di' : 'on behalf of'} ${labelOf(onBehalfOf)}`;
}
