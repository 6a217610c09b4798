export * from './started-service.js';
