import type { ActivityState, Approval, Kind, Language, Minutes, WorkStatus } from '@monteore/kernel';

/** The language a statement is written in: that of the contact who receives it. */
export type WorkbookLanguage = Language;

/** How the residual was settled at closing (R14). */
export interface ResidualSettlement {
  readonly kind: 'expire' | 'rollover' | 'write-off';
  readonly minutes: Minutes;
  readonly toPackageName?: string;
}

/** The balances the ledger states; the file is refused when its rows add up to others. */
export interface StatementBalances {
  readonly grantedMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly postedMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly availableMinutes: Minutes;
  readonly pendingMinutes: Minutes;
}

export interface StatementLot {
  readonly label: string;
  readonly minutes: Minutes;
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly expiresOn?: string;
  readonly remainingMinutes: Minutes;
  readonly state: 'open' | 'expired';
}

export interface StatementHead {
  readonly packageName: string;
  readonly clientName: string;
  readonly referent: string;
  readonly status: 'open' | 'closing' | 'closed';
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly openedOn: string;
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly closedOn?: string;
  readonly closingReason?: string;
  readonly residual?: ResidualSettlement;
  /** RFC 3339 instant. The only clock of the file: every date inside the archive comes from it. */
  readonly generatedAt: string;
  readonly balances: StatementBalances;
  readonly lots: readonly StatementLot[];
  /** What an auditor needs to compare the file with the ledger's hash chain (R15). */
  readonly verification?: { readonly entries: number; readonly headHash: string };
}

export interface ActivityRow {
  readonly number: number;
  /** With `(extra)` already in it (R3). */
  readonly displayTitle: string;
  readonly kind: Kind;
  /** `agreed`, `extra` or a word of a later version, which is shown as it is. */
  readonly origin: string;
  readonly urgent: boolean;
  readonly assignee?: string;
  readonly workStatus: WorkStatus;
  readonly approval: Approval;
  readonly state: ActivityState;
  readonly estimateVersion?: number;
  readonly estimateMinutes?: Minutes;
  readonly multiplier?: number;
  readonly weightedMinutes?: Minutes;
  readonly actualMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly overrunMinutes: Minutes;
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly dueOn?: string;
  readonly dueFirmness?: 'rigid' | 'flexible';
  /** Still open when the package closed (R14). */
  readonly unfinished: boolean;
}

export interface MovementRow {
  readonly sequence: number;
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly occurredOn: string;
  /** RFC 3339 instant. */
  readonly recordedAt: string;
  /** The ledger's event type; one that has no label is shown as it is. */
  readonly type: string;
  /** The activity's title. */
  readonly activity?: string;
  readonly performedBy?: string;
  readonly actor?: string;
  readonly actualMinutes?: Minutes;
  readonly multiplier?: number;
  readonly postedDeltaMinutes: Minutes;
  readonly heldDeltaMinutes: Minutes;
  readonly chargedDeltaMinutes: Minutes;
  readonly postedMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly availableMinutes: Minutes;
  readonly note?: string;
  readonly hash: string;
}

/** Rows as they come: from memory, or read while they are written. */
export type Rows<Row> = Iterable<Row> | AsyncIterable<Row>;

/** What the rows of a written statement counted. */
export interface StatementCounts {
  readonly activities: number;
  readonly movements: number;
}

/** One total that the rows count otherwise than the ledger states it. */
export interface StatementDifference {
  /** For instance `movements.postedMinutes`. */
  readonly total: string;
  readonly statedMinutes: Minutes;
  readonly countedMinutes: Minutes;
}

/** R14: the file would contradict the ledger, so there is no file. Says which totals differ and by how much. */
export class StatementMismatchError extends Error {
  override readonly name = 'StatementMismatchError';

  constructor(readonly differences: readonly StatementDifference[]) {
    super(
      `Rows and balances disagree: ${differences
        .map(({ total, statedMinutes, countedMinutes }) => {
          const byMinutes = countedMinutes - statedMinutes;
          const sign = byMinutes > 0 ? '+' : '';
          return `${total} stated ${statedMinutes} min, counted ${countedMinutes} min (${sign}${byMinutes})`;
        })
        .join('; ')}`,
    );
  }
}

/** A spreadsheet ends at row 1,048,576; rows beyond it would be lost without a word. */
export class StatementTooLongError extends Error {
  override readonly name = 'StatementTooLongError';

  constructor(readonly sheet: string) {
    super(`Sheet ${sheet} has more rows than a spreadsheet can hold`);
  }
}
