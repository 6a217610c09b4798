export { eventually } from '@monteore/testing';
export * from './free-ports.ts';
export * from './insisting.ts';
export * from './instance.ts';
export * from './outbox.ts';
export * from './rest-client.ts';
export * from './send-mail.ts';
export * from './steps.ts';
export * from './test-clock.ts';
