export * from './event-forms.js';
export { sampleOf } from './sample-of.js';
