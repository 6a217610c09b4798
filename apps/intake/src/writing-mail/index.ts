export { MailWriter } from './mail-writer.js';
export { OutboundMailController } from './outbound-mail.controller.js';
export { writingMailTables } from './tables.js';
