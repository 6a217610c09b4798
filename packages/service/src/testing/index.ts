export * from './consumed-forms.js';
export type { FedConsumer } from './fed-consumer.js';
export * from './log-lines.js';
export * from './moved-clock.js';
export * from './started-service.js';
export * from './trace-collector.js';
