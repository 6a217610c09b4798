import type { ContactRole } from '@monteore/kernel';
import type { AutomaticKind } from '../reading-mail/index.js';
import type { DispositionReason, ReplyFlag } from '../request/events.js';

/** A package as a sender sees it. */
export interface SenderPackage {
  readonly packageId: string;
  readonly referentId: string;
  readonly isOpen: boolean;
  /** What the sender is on it; empty when it is not shared with the sender. */
  readonly roles: readonly ContactRole[];
  /** What may name it in an address or a subject, in lower case. */
  readonly tags: readonly string[];
}

/** An active contact that has the sender's address. One address may be a contact of several clients. */
export interface Sender {
  readonly contactId: string;
  readonly clientId: string;
  readonly roles: readonly ContactRole[];
  readonly packages: readonly SenderPackage[];
}

/** What a Message-ID that the mail names belongs to. */
export interface KnownThread {
  readonly requestId?: string;
  readonly activityId?: string;
  readonly packageId?: string;
  readonly clientId?: string;
  readonly isPackageOpen: boolean;
  readonly areActivitiesOver: boolean;
}

export interface InboundMailFacts {
  readonly isReadable: boolean;
  readonly automatic?: AutomaticKind | undefined;
  /** Its Message-ID is one that this installation gave to a mail out. */
  readonly isOwnMail: boolean;
  /** The same mail, taken before. */
  readonly taken: { readonly mailId: string; readonly requestId?: string; readonly clientId?: string } | null;
  readonly authentication: 'failed' | 'not-failed';
  readonly senders: readonly Sender[];
  /** The referents whose mailboxes it came to. */
  readonly referentIds: readonly string[];
  /** What stands behind the plus of the address and in brackets in the subject, in lower case. */
  readonly tags: readonly string[];
  /** Nearest first: what it answers, then what that answered. */
  readonly threads: readonly KnownThread[];
}

export type InboundMailDecision =
  | { readonly disposition: 'unreadable' }
  | {
      readonly disposition: 'automatic';
      readonly reason: AutomaticKind | 'loop';
      readonly contactId?: string;
      readonly clientId?: string;
    }
  | {
      readonly disposition: 'duplicate';
      readonly mailId: string;
      readonly requestId?: string;
      readonly clientId?: string;
    }
  | {
      readonly disposition: 'quarantined';
      readonly reason: Extract<DispositionReason, 'unknown-sender' | 'viewer' | 'unauthenticated'>;
      readonly contactId?: string;
      readonly clientId?: string;
    }
  | {
      readonly disposition: 'reply';
      readonly contactId: string;
      readonly clientId: string;
      readonly requestId?: string;
      readonly activityId?: string;
      readonly packageId?: string;
      readonly flag?: ReplyFlag;
    }
  | ({ readonly disposition: 'request' } & AskedFor);

/** Who asked, and for which package; what nothing says stays open until a person assigns it. */
export interface AskedFor {
  readonly contactId?: string;
  readonly clientId?: string;
  readonly packageId?: string;
}

/** R8: what becomes of a mail. */
export function decideInboundMail(facts: InboundMailFacts): InboundMailDecision {
  const { taken, senders } = facts;
  const proven = facts.authentication === 'failed' ? [] : senders;
  if (facts.isOwnMail) return { disposition: 'automatic', reason: 'loop', ...onlyOne(proven) };
  if (facts.automatic !== undefined) {
    return { disposition: 'automatic', reason: facts.automatic, ...onlyOne(proven) };
  }
  if (taken !== null) return { disposition: 'duplicate', ...taken };
  if (!facts.isReadable) return { disposition: 'unreadable' };
  if (facts.authentication === 'failed') return { disposition: 'quarantined', reason: 'unauthenticated' };
  if (senders.length === 0) return { disposition: 'quarantined', reason: 'unknown-sender' };
  return replyTo(facts) ?? requestOf(facts);
}

/** A reply belongs to the nearest thread of the sender's own client; a thread of a mere package is none. */
function replyTo({ threads, senders }: InboundMailFacts): InboundMailDecision | null {
  for (const { requestId, activityId, packageId, clientId, ...thread } of threads) {
    const sender = senders.find((candidate) => candidate.clientId === clientId);
    if (sender === undefined || (requestId === undefined && activityId === undefined)) continue;
    const flag = flagOf({ ...thread, packageId });
    return {
      disposition: 'reply',
      contactId: sender.contactId,
      clientId: sender.clientId,
      ...(requestId === undefined ? {} : { requestId }),
      ...(activityId === undefined ? {} : { activityId }),
      ...(packageId === undefined ? {} : { packageId }),
      ...(flag === undefined ? {} : { flag }),
    };
  }
  return null;
}

function flagOf(
  thread: Pick<KnownThread, 'packageId' | 'isPackageOpen' | 'areActivitiesOver'>,
): ReplyFlag | undefined {
  if (thread.packageId !== undefined && !thread.isPackageOpen) return 'package-closed';
  return thread.areActivitiesOver ? 'activity-finished' : undefined;
}

function requestOf(facts: InboundMailFacts): InboundMailDecision {
  const asking = facts.senders.filter(mayAsk);
  const named = namedPackage(facts);
  const isOnlyViewer = asking.length === 0 || (named !== null && !asks(named.package.roles));
  if (isOnlyViewer) return { disposition: 'quarantined', reason: 'viewer', ...onlyOne(facts.senders) };
  return { disposition: 'request', ...askedFor(facts, asking) };
}

/** R8: one open package, or the one that the address, a tag or the thread says. */
export function askedFor(
  facts: Pick<InboundMailFacts, 'senders' | 'tags' | 'threads' | 'referentIds'>,
  asking: readonly Sender[],
): AskedFor {
  const named = namedPackage(facts);
  if (named !== null && asking.includes(named.sender)) {
    const { packageId, roles } = named.package;
    return { ...whoIs(named.sender), ...(asks(roles) ? { packageId } : {}) };
  }
  const open = asking.flatMap((sender) =>
    sender.packages
      .filter((candidate) => candidate.isOpen && asks(candidate.roles))
      .map((candidate) => ({ sender, package: candidate })),
  );
  const ofReferent = open.filter((candidate) => facts.referentIds.includes(candidate.package.referentId));
  const chosen = open.length === 1 ? open[0] : ofReferent.length === 1 ? ofReferent[0] : undefined;
  if (chosen !== undefined) return { ...whoIs(chosen.sender), packageId: chosen.package.packageId };
  return onlyOne(asking);
}

/** The one open package that a tag names, else the one that the thread is about. */
function namedPackage({ senders, tags, threads }: Pick<InboundMailFacts, 'senders' | 'tags' | 'threads'>): {
  sender: Sender;
  package: SenderPackage;
} | null {
  const all = senders.flatMap((sender) =>
    sender.packages
      .filter((candidate) => candidate.isOpen && candidate.roles.length > 0)
      .map((candidate) => ({ sender, package: candidate })),
  );
  const tagged = all.filter((candidate) => candidate.package.tags.some((tag) => tags.includes(tag)));
  if (tagged.length === 1) return tagged[0]!;
  for (const { packageId } of threads) {
    const ofThread = all.find((candidate) => candidate.package.packageId === packageId);
    if (ofThread !== undefined) return ofThread;
  }
  return null;
}

/** What a contact is on the packages shared with it counts; where none is open, what it is for its client. */
export function mayAsk(sender: Sender): boolean {
  const shared = sender.packages.filter((candidate) => candidate.isOpen && candidate.roles.length > 0);
  return shared.length === 0 ? asks(sender.roles) : shared.some((candidate) => asks(candidate.roles));
}

const asks = (roles: readonly ContactRole[]): boolean =>
  roles.includes('approver') || roles.includes('requester');

const whoIs = ({ contactId, clientId }: Sender) => ({ contactId, clientId });

const onlyOne = (senders: readonly Sender[]) => (senders.length === 1 ? whoIs(senders[0]!) : {});
