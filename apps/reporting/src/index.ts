export { reportingService } from './reporting.service.js';
