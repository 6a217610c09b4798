export * from './moved-clock.js';
export * from './started-service.js';
