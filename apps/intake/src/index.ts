export { intakeService } from './intake.service.js';
export type { IntakeOptions } from './options.js';
