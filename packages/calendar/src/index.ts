export * from './dates.js';
export * from './formatting.js';
export * from './holidays.js';
export * from './service-hours.js';
