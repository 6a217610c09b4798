import { derivedId } from '@monteore/kernel';
import type { LinkSigner } from '@monteore/service';
import type { MailModels } from './models.js';
import type { OutboundMailRow } from './outbound-mails.js';

const DAY_MILLIS = 86_400_000;
const DECISION_DAYS = 60;
const BOARD_DAYS = 400;

/**
 * The links of one mail by what they open (an activity, an overrun, `board`). Only approvers have links to decide with
 * (R5). Their ids derive from the mail, so that rendering it again makes no second link. They expire by real time.
 */
export async function linksOf(
  mail: OutboundMailRow,
  signer: LinkSigner,
  publicUrl: string,
): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  const { package_id: packageId, recipient_id: contactId } = mail;
  if (packageId === null) return links;
  const inDays = (days: number) => new Date(Date.now() + days * DAY_MILLIS);
  const linkId = (target: string) => derivedId('mail-link', mail.mail_id, target);
  if (mail.may_decide) {
    for (const { activityId, version } of decisionsIn(mail)) {
      const data = { packageId, activityId, version, contactId };
      const token = await signer.sign('decision', data, inDays(DECISION_DAYS), linkId(activityId));
      links.set(activityId, `${publicUrl}/api/estimation/v1/decision-links/${token}`);
    }
    if (mail.kind === 'overrun-to-decide') {
      const { overrunId } = mail.model as MailModels['overrun-to-decide'];
      const data = { packageId, overrunId, contactId };
      const token = await signer.sign('overrun', data, inDays(DECISION_DAYS), linkId(overrunId));
      links.set(overrunId, `${publicUrl}/api/ledger/v1/overrun-links/${token}`);
    }
  }
  if (mail.kind === 'package-opened') {
    const token = await signer.sign('board', { packageId, contactId }, inDays(BOARD_DAYS), linkId('board'));
    links.set('board', `${publicUrl}/api/reporting/v1/board-links/${token}`);
  }
  return links;
}

function decisionsIn(mail: OutboundMailRow): readonly { activityId: string; version: number }[] {
  switch (mail.kind) {
    case 'estimate-to-decide':
    case 'major-extra': {
      const { activityId, estimate } = mail.model as MailModels['estimate-to-decide'];
      return [{ activityId, version: estimate.version }];
    }
    case 'reply-approvo':
      return (mail.model as MailModels['reply-approvo']).waiting;
    default:
      return [];
  }
}
