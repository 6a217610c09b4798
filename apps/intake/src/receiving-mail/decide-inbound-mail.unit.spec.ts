import { describe, expect, it } from '@jest/globals';
import {
  decideInboundMail,
  type InboundMailDecision,
  type InboundMailFacts,
  type KnownThread,
  type Sender,
  type SenderPackage,
} from './decide-inbound-mail.js';

const onPackage = (packageId: string, more: Partial<SenderPackage> = {}): SenderPackage => ({
  packageId,
  referentId: 'anna',
  isOpen: true,
  roles: ['requester'],
  tags: [packageId],
  ...more,
});
const sender = (packages: readonly SenderPackage[], more: Partial<Sender> = {}): Sender => ({
  contactId: 'luca',
  clientId: 'comune',
  roles: ['requester'],
  packages,
  ...more,
});
const thread = (more: Partial<KnownThread>): KnownThread => ({
  clientId: 'comune',
  isPackageOpen: true,
  areActivitiesOver: false,
  ...more,
});
const facts = (more: Partial<InboundMailFacts>): InboundMailFacts => ({
  isReadable: true,
  isOwnMail: false,
  taken: null,
  authentication: 'not-failed',
  senders: [sender([onPackage('sito')])],
  referentIds: ['anna'],
  tags: [],
  threads: [],
  ...more,
});
const luca = { contactId: 'luca', clientId: 'comune' };
const viewer = sender([onPackage('sito', { roles: ['viewer'] })], { roles: ['viewer'] });
const twoPackages = sender([onPackage('sito'), onPackage('app', { referentId: 'bruno' })]);
const sameReferent = sender([onPackage('sito'), onPackage('app')]);
const ofMuseum = sender([onPackage('mostra')], { contactId: 'luca-museo', clientId: 'museo' });
const taken = { mailId: 'first', requestId: 'r1', clientId: 'comune' };

type Row = readonly [string, Partial<InboundMailFacts>, InboundMailDecision];

describe('R8 machines and repeats come before all else', () => {
  it.each<Row>([
    [
      'an out-of-office in a known thread',
      { automatic: 'auto-reply', threads: [thread({ requestId: 'r1' })] },
      { disposition: 'automatic', reason: 'auto-reply', ...luca },
    ],
    [
      'a bounce of nobody',
      { automatic: 'bounce', senders: [] },
      { disposition: 'automatic', reason: 'bounce' },
    ],
    [
      'a list mail that came before',
      { automatic: 'list', taken },
      { disposition: 'automatic', reason: 'list', ...luca },
    ],
    [
      'a receipt whose sender is not proved',
      { automatic: 'receipt', authentication: 'failed' },
      { disposition: 'automatic', reason: 'receipt' },
    ],
    [
      'our own mail that comes back',
      { isOwnMail: true },
      { disposition: 'automatic', reason: 'loop', ...luca },
    ],
    ['the same mail again', { taken }, { disposition: 'duplicate', ...taken }],
    [
      'the same mail again, from somebody who is no contact any more',
      { taken, senders: [] },
      { disposition: 'duplicate', ...taken },
    ],
    [
      'the same unreadable bytes again',
      { taken: { mailId: 'first' }, isReadable: false },
      { disposition: 'duplicate', mailId: 'first' },
    ],
    ['unreadable bytes', { isReadable: false, senders: [] }, { disposition: 'unreadable' }],
  ])('%s', (_name, given, decision) => {
    expect(decideInboundMail(facts(given))).toEqual(decision);
  });
});

describe('R8 senders: approvers and requesters may ask, the others wait in quarantine', () => {
  it.each<Row>([
    ['an unknown address', { senders: [] }, { disposition: 'quarantined', reason: 'unknown-sender' }],
    ['a viewer', { senders: [viewer] }, { disposition: 'quarantined', reason: 'viewer', ...luca }],
    [
      'a contact without any role',
      { senders: [sender([], { roles: [] })] },
      { disposition: 'quarantined', reason: 'viewer', ...luca },
    ],
    [
      'a failed DMARC result, whoever it claims to be',
      { authentication: 'failed' },
      { disposition: 'quarantined', reason: 'unauthenticated' },
    ],
    [
      'a failed DMARC result in a known thread',
      { authentication: 'failed', threads: [thread({ requestId: 'r1' })] },
      { disposition: 'quarantined', reason: 'unauthenticated' },
    ],
    [
      'an approver',
      { senders: [sender([onPackage('sito', { roles: ['approver'] })], { roles: ['approver'] })] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'a viewer of the client who may ask on its package',
      { senders: [sender([onPackage('sito')], { roles: ['viewer'] })] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'a requester of the client who may only look at its package',
      { senders: [sender([onPackage('sito', { roles: ['viewer'] })])] },
      { disposition: 'quarantined', reason: 'viewer', ...luca },
    ],
    [
      'a requester who names the package it may only look at',
      { senders: [sender([onPackage('sito'), onPackage('app', { roles: ['viewer'] })])], tags: ['app'] },
      { disposition: 'quarantined', reason: 'viewer', ...luca },
    ],
  ])('%s', (_name, given, decision) => {
    expect(decideInboundMail(facts(given))).toEqual(decision);
  });
});

describe('R8 which package is asked for', () => {
  it.each<Row>([
    [
      'the only open one',
      { senders: [sender([onPackage('sito'), onPackage('vecchio', { isOpen: false })])] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'none is open',
      { senders: [sender([onPackage('vecchio', { isOpen: false })])] },
      { disposition: 'request', ...luca },
    ],
    [
      'none is shared with the sender',
      { senders: [sender([onPackage('sito', { roles: [] })])] },
      { disposition: 'request', ...luca },
    ],
    ['several, nothing says which', { senders: [sameReferent] }, { disposition: 'request', ...luca }],
    [
      'several, a tag says which',
      { senders: [sameReferent], tags: ['app'] },
      { disposition: 'request', ...luca, packageId: 'app' },
    ],
    [
      'several, the mailbox of one referent',
      { senders: [twoPackages], referentIds: ['bruno'] },
      { disposition: 'request', ...luca, packageId: 'app' },
    ],
    [
      'several, sent to both referents',
      { senders: [twoPackages], referentIds: ['anna', 'bruno'] },
      { disposition: 'request', ...luca },
    ],
    [
      'a tag is stronger than the mailbox',
      { senders: [twoPackages], referentIds: ['bruno'], tags: ['sito'] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'a tag that names two',
      { senders: [sender([onPackage('a', { tags: ['x'] }), onPackage('b', { tags: ['x'] })])], tags: ['x'] },
      { disposition: 'request', ...luca },
    ],
    ['a tag of nothing', { senders: [sameReferent], tags: ['altro'] }, { disposition: 'request', ...luca }],
    [
      "a tag of another client's package",
      { senders: [sender([onPackage('sito')])], tags: ['mostra'] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'a thread about a package alone',
      { senders: [sameReferent], threads: [thread({ packageId: 'app' })] },
      { disposition: 'request', ...luca, packageId: 'app' },
    ],
    [
      'one address at two clients, a tag says whose',
      { senders: [sender([onPackage('sito')]), ofMuseum], tags: ['mostra'] },
      { disposition: 'request', contactId: 'luca-museo', clientId: 'museo', packageId: 'mostra' },
    ],
    [
      'one address at two clients, nothing says whose',
      { senders: [sender([onPackage('sito')]), ofMuseum] },
      { disposition: 'request' },
    ],
    [
      'one address at two clients, one of them has an open package',
      { senders: [sender([]), ofMuseum] },
      { disposition: 'request', contactId: 'luca-museo', clientId: 'museo', packageId: 'mostra' },
    ],
  ])('%s', (_name, given, decision) => {
    expect(decideInboundMail(facts(given))).toEqual(decision);
  });
});

describe('R8 replies attach to their thread', () => {
  it.each<Row>([
    [
      'of a request',
      { threads: [thread({ requestId: 'r1', packageId: 'sito' })] },
      { disposition: 'reply', ...luca, requestId: 'r1', packageId: 'sito' },
    ],
    [
      'of an activity without a request',
      { threads: [thread({ activityId: 'a1', packageId: 'sito' })] },
      { disposition: 'reply', ...luca, activityId: 'a1', packageId: 'sito' },
    ],
    [
      'from a viewer of the same client',
      { senders: [viewer], threads: [thread({ requestId: 'r1' })] },
      { disposition: 'reply', ...luca, requestId: 'r1' },
    ],
    [
      'the nearest of several',
      { threads: [thread({ requestId: 'r2' }), thread({ requestId: 'r1' })] },
      { disposition: 'reply', ...luca, requestId: 'r2' },
    ],
    [
      "of another client's request: a request of its own",
      { threads: [thread({ requestId: 'r9', clientId: 'museo' })] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'of a request that has no client: a request of its own',
      { threads: [thread({ requestId: 'r9', clientId: undefined })] },
      { disposition: 'request', ...luca, packageId: 'sito' },
    ],
    [
      'one address at two clients: the thread says whose',
      { senders: [ofMuseum, sender([onPackage('sito')])], threads: [thread({ requestId: 'r1' })] },
      { disposition: 'reply', ...luca, requestId: 'r1' },
    ],
    [
      'of a finished activity',
      { threads: [thread({ requestId: 'r1', packageId: 'sito', areActivitiesOver: true })] },
      { disposition: 'reply', ...luca, requestId: 'r1', packageId: 'sito', flag: 'activity-finished' },
    ],
    [
      'of a closed package',
      {
        threads: [
          thread({ requestId: 'r1', packageId: 'sito', isPackageOpen: false, areActivitiesOver: true }),
        ],
      },
      { disposition: 'reply', ...luca, requestId: 'r1', packageId: 'sito', flag: 'package-closed' },
    ],
    [
      'of a request without a package',
      { threads: [thread({ requestId: 'r1', isPackageOpen: false })] },
      { disposition: 'reply', ...luca, requestId: 'r1' },
    ],
  ])('%s', (_name, given, decision) => {
    expect(decideInboundMail(facts(given))).toEqual(decision);
  });
});
