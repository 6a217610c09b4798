export { type Comparison, compareStores, type StoreDifference } from './compare-stores.js';
export { type CopyOptions, type CopyOutcome, copyEvents, type EventPlace } from './copy-events.js';
