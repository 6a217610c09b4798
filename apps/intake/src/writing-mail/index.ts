export { writingMailTables } from './tables.js';
