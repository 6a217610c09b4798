export * from './consumed-forms.js';
export type { FedConsumer } from './fed-consumer.js';
export * from './moved-clock.js';
export * from './started-service.js';
