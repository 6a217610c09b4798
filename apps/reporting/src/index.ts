export { rebuildBoards } from './folding-boards/rebuild.js';
export { reportingService } from './reporting.service.js';
