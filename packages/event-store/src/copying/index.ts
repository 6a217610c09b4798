export {
  type ChainVerification,
  type Comparison,
  compareStores,
  type StoreDifference,
  verifyChains,
} from './compare-stores.js';
export { type CopyOptions, type CopyOutcome, copyEvents, type EventPlace } from './copy-events.js';
