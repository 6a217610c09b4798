export { createKurrentEventStore, type KurrentEventStoreOptions, renewKurrentStoreId } from './store.js';
