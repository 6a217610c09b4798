export {
  type ActivityRow,
  type MovementRow,
  type ResidualSettlement,
  type StatementBalances,
  type StatementCounts,
  type StatementDifference,
  type StatementHead,
  type StatementLot,
  StatementMismatchError,
  StatementTooLongError,
  type WorkbookLanguage,
} from './statement.js';
export { writeStatement } from './write-statement.js';
