export { estimationService } from './estimation.service.js';
