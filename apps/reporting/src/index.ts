export { isDifferent, type RowDiff, type TableDiff } from './rebuilding-boards/comparing-boards.js';
export { type BoardsDiff, replayDiff } from './rebuilding-boards/replay-diff.js';
export { reportingService } from './reporting.service.js';
export { reportingVariables } from './variables.js';
