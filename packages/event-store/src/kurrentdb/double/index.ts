export { type DoubleProcess, startDoubleProcess } from './double-process.js';
export { type DoubleOptions, type RunningDouble, startDouble } from './server.js';
