import { formatDate, formatInstant } from '@monteore/calendar';
import { type Due, formatMinutes } from '@monteore/kernel';
import type { MailModels, ToldEstimate } from '../models.js';
import { button, type MailText, type Reading, rows, type Wording } from './mail-text.js';

const date = (day: string) => formatDate(day, 'en');
const instant = (at: string) => formatInstant(at, 'en');
const due = ({ date: day, firmness }: Due) => `${date(day)} (${firmness})`;

/** R2: what an urgent activity costs. */
function urgentCost(multiplier: number): string {
  if (multiplier === 1) return 'urgency costs nothing more';
  const times = { 2: 'twice', 3: 'three times' }[multiplier] ?? `${multiplier} times`;
  return `an urgent activity costs ${times} the actual time`;
}

const estimateRows = (title: string, estimate: ToldEstimate, { nameOf }: Reading) =>
  rows(
    ['Activity', title],
    ['Estimated time', formatMinutes(estimate.minutes)],
    ['Urgent', estimate.urgent ? `yes (× ${estimate.multiplier})` : undefined],
    ['Time taken from the package', formatMinutes(estimate.weightedMinutes)],
    ['Person in charge', nameOf(estimate.assigneeId)],
    ['Date of completion', due(estimate.due)],
    ['Version of the estimate', String(estimate.version)],
  );

const previousNote = (previous: ToldEstimate | undefined): string[] =>
  previous === undefined
    ? []
    : [
        `Until you decide, version ${previous.version} stays in force: ${formatMinutes(previous.minutes)} estimated, ${formatMinutes(previous.weightedMinutes)} taken from the package, by ${due(previous.due)}.`,
      ];

const TOP_UP = 'To add hours to the package, just reply to this e-mail saying how many you need.';
const GOES_ON = `${TOP_UP} As soon as they arrive, things go on by themselves.`;

const howToDecide = ({ mayDecide }: Reading): string =>
  mayDecide
    ? 'The button opens a page with the numbers: you decide there. The link is personal and good for one decision; a reply to this e-mail does not count as an approval.'
    : 'The decision is up to the people who approve for your package; each of them has received a link.';

const REASONS: Readonly<Record<string, string>> = {
  'unknown-sender': 'unknown sender',
  viewer: 'the contact may see the package but not send requests',
  unauthenticated: 'the sender could not be authenticated (DMARC)',
};

const deadline = (facts: MailModels['deadline-near'], headline: string, first: string): MailText => ({
  headline,
  paragraphs: [first],
  table: [
    ['Request', `R-${facts.number}`],
    ['To be taken in charge by', instant(facts.takeInChargeBy)],
  ],
  buttons: [],
});

function decisionRecorded(facts: MailModels['decision-recorded'], { nameOf }: Reading): MailText {
  const told = {
    approved: {
      headline: `Activity approved: ${facts.title}`,
      first: 'The activity is approved and the hours it needs have been set aside.',
    },
    rejected: {
      headline: `Estimate not approved: ${facts.title}`,
      first:
        facts.versionInForce === undefined
          ? 'The estimate was not approved: no hours have been set aside for it.'
          : `The newer estimate was not approved: version ${facts.versionInForce} stays in force, with the hours already set aside.`,
    },
    'waiting-for-hours': {
      headline: `Activity approved, waiting for hours: ${facts.title}`,
      first:
        'The approval is recorded, but there are not enough hours available: the activity waits and starts by itself when hours arrive. Until then the approval can be withdrawn.',
    },
  }[facts.outcome];
  return {
    headline: told.headline,
    paragraphs: [told.first],
    table: rows(
      ['Activity', facts.title],
      ['Version of the estimate', String(facts.version)],
      [
        'Time taken from the package',
        facts.weightedMinutes === undefined ? undefined : formatMinutes(facts.weightedMinutes),
      ],
      ['Decided by', facts.decidedById === undefined ? undefined : nameOf(facts.decidedById)],
      ['Recorded by', facts.recordedById === undefined ? undefined : nameOf(facts.recordedById)],
      ['When', facts.decidedAt === undefined ? undefined : instant(facts.decidedAt)],
      ['Reason', facts.reason],
      ['Hours missing', facts.missingMinutes === undefined ? undefined : formatMinutes(facts.missingMinutes)],
      [
        'Hours available now',
        facts.availableMinutes === undefined ? undefined : formatMinutes(facts.availableMinutes),
      ],
    ),
    notes: facts.outcome === 'waiting-for-hours' ? [GOES_ON] : [],
    buttons: [],
  };
}

function requestReceived(facts: MailModels['request-received']): MailText {
  const number = `R-${facts.number}`;
  return {
    headline: `Request ${number} received`,
    paragraphs: [
      facts.isPart
        ? `Your e-mail held several requests and we have split it: this part is recorded under the number ${number}.`
        : `We have received your request and recorded it under the number ${number}.`,
      `We will take it in charge by ${instant(facts.takeInChargeBy)} (Rome time).`,
    ],
    table: rows(
      ['Number', number],
      ['Taken in charge by', instant(facts.takeInChargeBy)],
      ['Urgent', facts.urgent ? 'yes' : 'no'],
    ),
    notes: [
      ...(facts.urgent
        ? [
            `We understand that the request is urgent: ${urgentCost(facts.urgentMultiplier)}. If it is not urgent, please let us know by replying to this e-mail.`,
          ]
        : []),
      ...(facts.possiblySeveral
        ? [
            'Your e-mail seems to hold several requests. So that we can follow each of them well, please send one request per e-mail. There is no need to write again this time: somebody on the team will read it and split it where needed. Nothing will be lost.',
          ]
        : []),
    ],
    buttons: [],
  };
}

function replyApprovo(facts: MailModels['reply-approvo'], reading: Reading): MailText {
  const byLink = facts.waiting.length > 0;
  return {
    headline: 'Please approve with the link',
    paragraphs: [
      'Thank you for your reply. An e-mail alone does not approve an estimate: the personal link is needed to decide.',
      byLink
        ? reading.mayDecide
          ? 'Below you find the link to each estimate that waits for your decision.'
          : 'The decision is up to the people who approve for your package; each of them has received a link.'
        : 'No estimate of this request waits for a decision at the moment: as soon as there is one, the link goes by e-mail to the people who approve.',
    ],
    table: rows(['Request', facts.number === undefined ? undefined : `R-${facts.number}`]),
    list: facts.waiting.map(({ title, version }) => `${title} (version ${version})`),
    buttons: facts.waiting.flatMap(({ activityId, title }) =>
      button(`Decide: ${title}`, reading.linkTo(activityId)),
    ),
  };
}

/** R11 in English. */
export const english: Wording = {
  greeting: (name) => (name === undefined ? 'Hello,' : `Hello ${name},`),
  signOff: ['Kind regards', 'The support team'],
  answerHint:
    'You can simply reply to this e-mail: your answer reaches the person who looks after your project.',
  packageLabel: 'Package of hours',
  someone: 'somebody on the team',
  templates: {
    'request-received': requestReceived,
    'request-dismissed': ({ number, reason }) => ({
      headline: `Request R-${number} closed`,
      paragraphs: [
        `Request R-${number} has been closed without opening an activity and without using hours of the package.`,
      ],
      table: [
        ['Request', `R-${number}`],
        ['Reason', reason],
      ],
      notes: ['If you do not agree, please reply to this e-mail.'],
      buttons: [],
    }),
    'reply-approvo': replyApprovo,
    'hours-missing': (facts) => ({
      headline: `Not enough hours: ${facts.title}`,
      paragraphs: [
        'The hours available in the package are not enough for this activity, so it waits apart from the board. It will be offered again by itself when there are enough hours.',
      ],
      table: [
        ['Activity', facts.title],
        ['Time taken from the package', formatMinutes(facts.weightedMinutes)],
        ['Hours available now', formatMinutes(facts.availableMinutes)],
        ['Hours missing', formatMinutes(facts.missingMinutes)],
      ],
      notes: [GOES_ON],
      buttons: [],
    }),
    'estimate-to-decide': (facts, reading) => ({
      headline: `Estimate to decide: ${facts.title}`,
      paragraphs: ['The estimate of this activity waits for your approval or rejection.'],
      table: estimateRows(facts.title, facts.estimate, reading),
      notes: [...previousNote(facts.previous), howToDecide(reading)],
      buttons: button('See the estimate and decide', reading.linkTo(facts.activityId)),
    }),
    'major-extra': (facts, reading) => ({
      headline: `Confirmation needed: ${facts.title}`,
      paragraphs: [
        'This activity was not among those agreed and is larger than a minor request: it needs your confirmation before it starts.',
        'Please note: if you confirm it, the total time for all activities may afterwards not be enough to complete them.',
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Hours available now', formatMinutes(facts.availableMinutes)],
        ['Hours that would be left', formatMinutes(facts.leftMinutes)],
      ],
      list: facts.wouldNotFit.map(
        ({ title, weightedMinutes }) => `Would no longer fit: ${title} (${formatMinutes(weightedMinutes)})`,
      ),
      notes: [
        ...(facts.wouldNotFit.length === 0
          ? ['No agreed activity that fits in the available hours today would stop fitting.']
          : []),
        ...previousNote(facts.previous),
        howToDecide(reading),
      ],
      buttons: button('See the estimate and decide', reading.linkTo(facts.activityId)),
    }),
    'extra-activated': (facts, reading) => ({
      headline: `Activity started: ${facts.title}`,
      paragraphs: [
        'This minor request has been started automatically, using the available hours of the package. There is nothing you need to do.',
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Hours available after setting its hours aside', formatMinutes(facts.availableMinutes)],
      ],
      buttons: [],
    }),
    'urgency-lowered': (facts, reading) => ({
      headline: `No longer urgent: ${facts.title}`,
      paragraphs: [
        'This activity is carried out without urgency: fewer hours are set aside for it, and the difference is available again. There is nothing you need to do.',
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Hours available now', formatMinutes(facts.availableMinutes)],
      ],
      buttons: [],
    }),
    'decision-recorded': decisionRecorded,
    'overrun-to-decide': (facts, reading) => ({
      headline: `More time than estimated: ${reading.activityTitle}`,
      paragraphs: [
        'The work on this activity took more time than was set aside for it. What goes beyond has not been charged: please decide whether to charge it to the package.',
      ],
      table: rows(
        ['Activity', reading.activityTitle],
        ['Hours beyond, to be charged to the package', formatMinutes(facts.minutes)],
        ['Actual time used so far', formatMinutes(facts.actualMinutes)],
        ['Hours available now', formatMinutes(facts.availableMinutes)],
      ),
      notes: [
        ...(facts.availableMinutes < facts.minutes
          ? [`The hours available now are not enough to charge it. ${TOP_UP}`]
          : []),
        howToDecide(reading),
      ],
      buttons: button('See and decide', reading.linkTo(facts.overrunId)),
    }),
    'date-moved': (facts) => ({
      headline: `New date: ${facts.title}`,
      paragraphs: ['The date of completion of this activity has changed. The estimate stays the same.'],
      table: [
        ['Activity', facts.title],
        ['Date before', due(facts.previousDue)],
        ['New date', due(facts.due)],
        ['Reason', facts.reason],
      ],
      buttons: [],
    }),
    'assignee-changed': (facts, { nameOf }) => ({
      headline: `New person in charge: ${facts.title}`,
      paragraphs: ['Somebody else now takes care of this activity. The estimate stays the same.'],
      table: rows(
        ['Activity', facts.title],
        ['Before', facts.previousAssigneeId === undefined ? undefined : nameOf(facts.previousAssigneeId)],
        ['Now in charge', nameOf(facts.assigneeId)],
      ),
      buttons: [],
    }),
    threshold: ({ thresholdsPercent, consumedPercent, balances }, { packageName }) => ({
      headline: `Package of hours at ${Math.max(...thresholdsPercent)} %: ${packageName}`,
      paragraphs: [`The consumption of the package of hours has reached ${consumedPercent} %.`],
      table: [
        ['Marks reached', thresholdsPercent.map((mark) => `${mark} %`).join(', ')],
        ['Hours bought', formatMinutes(balances.grantedMinutes)],
        ['Hours charged', formatMinutes(balances.chargedMinutes)],
        ['Posted balance', formatMinutes(balances.postedMinutes)],
        ['Hours set aside', formatMinutes(balances.heldMinutes)],
        ['Hours available', formatMinutes(balances.availableMinutes)],
      ],
      notes: [TOP_UP],
      buttons: [],
    }),
    'expiry-near': ({ expiresOn, freeMinutes, heldMinutes }, { packageName }) => ({
      headline: `Hours about to expire: ${packageName}`,
      paragraphs: [
        `A lot of the package's hours expires at the end of ${date(expiresOn)}. What is neither used nor set aside by then will be lost.`,
      ],
      table: [
        ['Expiry', date(expiresOn)],
        ['Hours that would be lost as of today', formatMinutes(freeMinutes)],
        ['Hours set aside for approved activities', formatMinutes(heldMinutes)],
      ],
      notes: ['To use them you can send a request or approve the estimates that wait.'],
      buttons: [],
    }),
    'package-opened': ({ endsOn, agreed }, { packageName, firstLot, linkTo }) => ({
      headline: `Package of hours opened: ${packageName}`,
      paragraphs: [
        'Your package of hours is active and its board is open: it shows the activities, who takes care of them, the estimates, the time used and the hours that are left.',
        'There is no need to register: the button opens the board, read-only, with your personal link. Please do not forward it.',
        'Requests are sent by e-mail, by replying to this message or writing to this address: one request per e-mail.',
      ],
      table: rows(
        ['Hours bought', firstLot && formatMinutes(firstLot.minutes)],
        ['The hours expire on', firstLot?.expiresOn && date(firstLot.expiresOn)],
        ['Valid until', endsOn === undefined ? undefined : date(endsOn)],
      ),
      list: agreed.map(
        ({ title, estimateMinutes }) => `Agreed activity: ${title} (${formatMinutes(estimateMinutes)})`,
      ),
      notes:
        agreed.length === 0
          ? []
          : ['For each agreed activity the people who approve receive the estimate with a link to decide.'],
      buttons: button('Open the board', linkTo('board')),
    }),
    'package-closed': ({ fileName }, { packageName }) => ({
      headline: `Package of hours closed: ${packageName}`,
      paragraphs: [
        'The package of hours is closed and its board stays readable.',
        'Attached you find the Excel file with the list of the activities done, the movements and the summary of the hours.',
      ],
      table: [['Attachment', fileName]],
      buttons: [],
    }),
    'deadline-near': (facts) =>
      deadline(
        facts,
        `R-${facts.number}: one working day left`,
        'This request has not been taken in charge yet: one working day is left.',
      ),
    'deadline-missed': (facts) =>
      deadline(
        facts,
        `R-${facts.number}: deadline missed`,
        'The deadline for taking this request in charge has passed.',
      ),
    quarantine: ({ receivedAt, reason }, { about }) => ({
      headline: 'An e-mail waits in quarantine',
      paragraphs: [
        'An e-mail to the mailbox has not become a request: it waits for somebody to release or discard it. The deadline for taking it in charge counts from its receipt.',
      ],
      table: rows(
        ['From', about?.from],
        ['Subject', about?.subject],
        ['Received', instant(receivedAt)],
        ['Reason', REASONS[reason] ?? reason],
      ),
      buttons: [],
    }),
    'viewer-waits': ({ receivedAt }) => ({
      headline: 'Your e-mail is waiting',
      paragraphs: [
        'We have received your e-mail. Your role lets you see the package but not send requests: the message waits for somebody on the team to look at it.',
      ],
      table: [['Received', instant(receivedAt)]],
      buttons: [],
    }),
    'closure-scheduled': ({ closesAt }, { packageName }) => ({
      headline: `Package used up: ${packageName}`,
      paragraphs: [
        'The package of hours is used up and nothing of it is open. It closes by itself, unless it is topped up or something new opens.',
      ],
      table: [['Closing', instant(closesAt)]],
      buttons: [],
    }),
  },
};
