export {
  ACTIVITY_STATE,
  APPROVAL,
  FIRMNESS,
  KIND,
  LOT_STATE,
  PACKAGE_STATUS,
  WORK_STATUS,
} from './labels.js';
export {
  type ActivityRow,
  type MovementRow,
  type ResidualSettlement,
  type Rows,
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
