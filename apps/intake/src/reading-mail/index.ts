export type { MailAttachment } from './attachments.js';
export type { Authentication } from './authentication.js';
export type { AutomaticKind } from './automatic.js';
export { type ReadableMail, type ReadMail, type ReadMailOptions, readMail } from './read-mail.js';
export { detectSeveral, type Several } from './several.js';
export { detectUrgency, type Urgency } from './urgency.js';
