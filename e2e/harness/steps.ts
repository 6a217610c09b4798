import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { addDays, localDateOf } from '@monteore/calendar';
import { eventually } from '@monteore/testing';
import type { Instance } from './instance.ts';
import { linksIn, type SentMail } from './outbox.ts';
import type { Answer, CallOptions, Parsed, RestClient } from './rest-client.ts';

export interface ContactSpec {
  readonly name: string;
  readonly roles: readonly string[];
  readonly language?: 'it' | 'en';
}

export interface Contact {
  readonly contactId: string;
  readonly email: string;
}

export interface AgreedSpec {
  readonly title: string;
  readonly minutes: number;
  readonly urgent?: boolean;
  readonly due?: { readonly date: string; readonly firmness: 'rigid' | 'flexible' };
}

export interface OpenOptions {
  readonly minutes?: number;
  readonly policy?: Parsed;
  readonly expiresOn?: string;
  readonly endsOn?: string;
  readonly agreed?: readonly AgreedSpec[];
  readonly contacts?: readonly ContactSpec[];
  readonly language?: 'it' | 'en';
}

export const APPROVER: ContactSpec = { name: 'Anna Approva', roles: ['approver'] };

const BALANCES = ['grantedMinutes', 'postedMinutes', 'heldMinutes', 'availableMinutes'] as const;
export type Numbers = Partial<Record<(typeof BALANCES)[number] | 'pendingMinutes', number>>;

/** The Europe/Rome date of the system's clock, or of so many days from it. */
export const dayOf = ({ clock }: Pick<Instance, 'clock'>, days = 0): string =>
  addDays(localDateOf(clock.now().toISOString()), days);

/** Registers a client of its own with its contacts; no two tests share one. */
export async function registerClient(
  team: RestClient,
  contacts: readonly ContactSpec[] = [APPROVER],
  language: 'it' | 'en' = 'it',
): Promise<{ clientId: string; contacts: Contact[] }> {
  const tag = randomUUID().slice(0, 8);
  return team.must(
    team.post('/ledger/v1/clients', {
      name: `Cliente ${tag}`,
      language,
      contacts: contacts.map((contact, index) => ({
        ...contact,
        email: `contatto${index}.${tag}@cliente.example`,
      })),
    }),
  );
}

/** Opens a package of a client of its own; the first contact is the one who decides in the steps below. */
export async function openPackage(
  instance: Instance,
  team: RestClient,
  options: OpenOptions = {},
): Promise<PackageSteps> {
  const { minutes = 600, agreed = [], contacts = [APPROVER], language = 'it', ...opening } = options;
  const client = await registerClient(team, contacts, language);
  const tag = client.clientId.slice(0, 8);
  return PackageSteps.open(instance, team, client, {
    ...opening,
    name: `Pacchetto ${tag}`,
    referentEmail: `referente.${tag}@agenzia.example`,
    grantedMinutes: minutes,
    agreedActivities: agreedIn(agreed, dayOf(instance, 20)),
  });
}

/** Agreed activities as an opening names them, by a flexible date unless one says otherwise. */
export const agreedIn = (agreed: readonly AgreedSpec[], date: string) =>
  agreed.map(({ minutes: estimateMinutes, ...activity }) => ({
    kind: 'improvement',
    assignee: 'sviluppo@agenzia.example',
    due: { date, firmness: 'flexible' as const },
    estimateMinutes,
    ...activity,
  }));

/** What people do with one package, as a member of the team unless it says otherwise. */
export class PackageSteps {
  readonly instance: Instance;
  readonly team: RestClient;
  readonly client: { readonly clientId: string; readonly contacts: readonly Contact[] };
  readonly packageId: string;

  constructor(instance: Instance, team: RestClient, client: PackageSteps['client'], packageId: string) {
    this.instance = instance;
    this.team = team;
    this.client = client;
    this.packageId = packageId;
  }

  /**
   * Opens a package; resolves once every service knows of it (no copy in another service is older than the position of
   * the answer) and every activity that was agreed is on the board.
   */
  static async open(
    instance: Instance,
    team: RestClient,
    client: PackageSteps['client'],
    opening: { readonly agreedActivities: readonly unknown[]; readonly [member: string]: unknown },
  ): Promise<PackageSteps> {
    const answer = await team.post('/ledger/v1/packages', { ...opening, clientId: client.clientId });
    const { packageId } = await team.must(Promise.resolve(answer));
    const headers = { 'monteore-position': answer.headers.get('monteore-position')! };
    const boardPath = `/reporting/v1/boards/${packageId}`;
    const copies = [
      `/estimation/v1/activities?packageId=${packageId}`,
      `/intake/v1/requests?packageId=${packageId}`,
    ];
    await Promise.all(
      [boardPath, ...copies].map((path) =>
        eventually(
          async () => (await team.get(path, { headers })).status === 200,
          `${path} as fresh as the opening`,
          60_000,
        ),
      ),
    );
    await eventually(
      async () => (await team.get(boardPath)).body.activities?.length === opening.agreedActivities.length,
      'the board with the agreed activities',
      60_000,
    );
    return new PackageSteps(instance, team, client, packageId);
  }

  get approver(): Contact {
    return this.client.contacts[0]!;
  }

  get path(): string {
    return `/ledger/v1/packages/${this.packageId}`;
  }

  show(query = ''): Promise<Parsed> {
    return this.team.must(this.team.get(`${this.path}${query}`));
  }

  entries(): Promise<Parsed[]> {
    return this.team.all(`${this.path}/entries`);
  }

  board(): Promise<Parsed> {
    return this.team.must(this.team.get(`/reporting/v1/boards/${this.packageId}`));
  }

  activities(): Promise<Parsed[]> {
    return this.team.all(`/estimation/v1/activities?packageId=${this.packageId}`);
  }

  activity(activityId: string): Promise<Parsed> {
    return this.team.must(this.team.get(`/estimation/v1/activities/${activityId}`));
  }

  /** The activity once it is in a state; reactions of other services are waited for. */
  activityIn(activityId: string, state: string): Promise<Parsed> {
    return eventually(async () => {
      const activity = await this.activity(activityId);
      return activity.state === state ? activity : null;
    }, `activity ${activityId} in state ${state}`);
  }

  /** The package's holds, once they are so many minutes; reactions of other services are waited for. */
  async holds(heldMinutes: number): Promise<void> {
    await eventually(
      async () => (await this.show()).heldMinutes === heldMinutes,
      `${heldMinutes} minutes held`,
    );
  }

  /** The id of an agreed activity, by its title. */
  async agreed(title: string): Promise<string> {
    const activities = await this.activities();
    return activities.find((activity) => activity.title === title).activityId;
  }

  async extra(title: string, more: Parsed = {}): Promise<string> {
    const proposed = { packageId: this.packageId, title, kind: 'site-assistance', ...more };
    const { activityId } = await this.team.must(this.team.post('/estimation/v1/activities', proposed));
    return activityId;
  }

  /** Gives an estimate; answers what the route says, once the ledger has answered it. */
  estimate(activityId: string, minutes: number, more: Parsed = {}): Promise<Answer> {
    const estimate = {
      minutes,
      assignee: 'sviluppo@agenzia.example',
      due: { date: dayOf(this.instance, 20), firmness: 'flexible' },
      ...more,
    };
    const path = `/estimation/v1/activities/${activityId}/estimates`;
    return settled((key) => this.team.post(path, estimate, { key }));
  }

  /** An extra with its first estimate: its id, and the path that the answer names. */
  async estimatedExtra(
    title: string,
    minutes: number,
    more: Parsed = {},
  ): Promise<{ activityId: string; path: string }> {
    const { requestId, ...estimate } = more;
    const activityId = await this.extra(title, requestId === undefined ? {} : { requestId });
    const { path } = await this.team.must(this.estimate(activityId, minutes, estimate));
    return { activityId, path };
  }

  /** A decision through REST on the approver's behalf; the answer once the ledger has answered it. */
  decide(
    activityId: string,
    version: number,
    decision: 'approve' | 'reject',
    more: Parsed = {},
  ): Promise<Answer> {
    const body = { version, decision, contactId: this.approver.contactId, ...more };
    const path = `/estimation/v1/activities/${activityId}/decisions`;
    return settled((key) => this.team.post(path, body, { key }));
  }

  async approve(activityId: string, version = 1): Promise<Parsed> {
    return this.team.must(this.decide(activityId, version, 'approve'));
  }

  decideTogether(decisions: Parsed[]): Promise<Answer> {
    const body = { contactId: this.approver.contactId, decisions };
    return settled((key) => this.team.post('/estimation/v1/decisions', body, { key }));
  }

  /** An extra that the approver has approved, with its hours set aside. */
  async approvedExtra(title: string, minutes: number, more: Parsed = {}): Promise<string> {
    const { activityId } = await this.estimatedExtra(title, minutes, more);
    expect(await this.approve(activityId)).toMatchObject({ outcome: 'reserved' });
    return activityId;
  }

  work(activityId: string, minutes: number, more: Parsed = {}, options: CallOptions = {}): Promise<Answer> {
    const entry = {
      activityId,
      minutes,
      performedOn: dayOf(this.instance),
      performedBy: 'sviluppo@agenzia.example',
      ...more,
    };
    return this.team.post(`${this.path}/work-entries`, entry, options);
  }

  /** Work as it was charged. */
  async worked(activityId: string, minutes: number, more: Parsed = {}): Promise<Parsed> {
    return this.team.must(this.work(activityId, minutes, more));
  }

  reverse(workEntryId: string): Promise<Answer> {
    return this.team.post(`${this.path}/work-entries/${workEntryId}/reversal`, {
      reason: 'registrata due volte',
    });
  }

  topUp(minutes: number, more: Parsed = {}): Promise<Parsed> {
    return this.team.must(this.team.post(`${this.path}/lots`, { minutes, ...more }));
  }

  adjust(minutes: number, more: Parsed = {}): Promise<Answer> {
    return this.team.post(`${this.path}/adjustments`, { minutes, reason: 'rettifica', ...more });
  }

  changePolicy(policy: Parsed): Promise<Parsed> {
    return this.team.must(this.team.post(`${this.path}/policy`, policy));
  }

  decideOverrun(
    overrunId: string,
    decision: 'charge' | 'refuse' | 'absorb',
    more: Parsed = {},
  ): Promise<Answer> {
    const who = decision === 'absorb' ? {} : { contactId: this.approver.contactId };
    const body = { decision, reason: 'deciso al telefono', ...who, ...more };
    return this.team.post(`${this.path}/overruns/${overrunId}/decision`, body);
  }

  workStatus(activityId: string, status: string): Promise<Parsed> {
    return this.team.must(this.team.post(`/estimation/v1/activities/${activityId}/work-status`, { status }));
  }

  close(residual: string, more: Parsed = {}): Promise<Answer> {
    return this.team.post(`${this.path}/closure`, { residual, reason: 'fine del lavoro', ...more });
  }

  /** A mail to the approver whose subject holds the words; `having` looks at its text. */
  mail(subject: string, having: (mail: SentMail) => boolean = () => true): Promise<SentMail> {
    return this.mailTo(this.approver, subject, having);
  }

  mailTo(
    { email }: Contact,
    subject: string,
    having: (mail: SentMail) => boolean = () => true,
  ): Promise<SentMail> {
    return this.instance.outbox.mail(
      `«${subject}» to ${email}`,
      (mail) => mail.to === email && mail.subject.includes(subject) && having(mail),
    );
  }

  /** Every mail to the approver so far whose subject holds the words. */
  async mailsSoFar(subject: string): Promise<SentMail[]> {
    const mails = await this.instance.outbox.mails();
    return mails.filter((mail) => mail.to === this.approver.email && mail.subject.includes(subject));
  }

  /** The path of the link with which the approver decides on an activity (or, with `overrun-links`, on an overrun). */
  async linkFor(
    title: string,
    { kind = 'decision-links', having }: { kind?: string; having?: (mail: SentMail) => boolean } = {},
  ): Promise<string> {
    const mail = await this.mail(
      title,
      (found) => linksIn(found, kind).length > 0 && (having === undefined || having(found)),
    );
    return linksIn(mail, kind)[0]!;
  }

  /**
   * The books: `GET` of the package, the board (as soon as it has caught up), and the re-count from the entries agree;
   * no entry ever left `available` below the overdraft's limit; the chain is intact. Answers the four numbers.
   */
  async books(expected: Numbers = {}): Promise<Record<keyof Numbers, number>> {
    const found = await this.show();
    const kept = pick(found);
    expect(recount(await this.entries(), found.policy.overdraftMinutes)).toEqual({
      ...kept,
      grantedMinutes: undefined,
    });
    expect(await this.team.must(this.team.get(`${this.path}/verification`))).toMatchObject({
      chain: 'intact',
      agrees: true,
    });
    const board = await this.caughtUp(kept);
    const { pendingMinutes } = board.balances;
    const activities = await this.activities();
    expect(sum(activities, 'heldMinutes')).toBe(kept.heldMinutes);
    expect(pendingMinutes).toBe(pendingOf(activities));
    const numbers = { ...kept, pendingMinutes };
    expect(numbers).toMatchObject(expected);
    return numbers;
  }

  /** The board once it shows what the owners of the numbers say. */
  private async caughtUp(kept: Parsed): Promise<Parsed> {
    const differs = async (): Promise<{ shown: Parsed; owned: Parsed; board: Parsed }> => {
      const board = await this.board();
      const activities = await this.activities();
      const shown = {
        balances: pick(board.balances),
        pendingMinutes: board.balances.pendingMinutes,
        minutes: minutesOf(board.activities),
      };
      const onBoard = new Set(board.activities.map(({ activityId }: Parsed) => activityId));
      const owned = {
        balances: kept,
        pendingMinutes: pendingOf(activities),
        minutes: minutesOf(activities.filter(({ activityId }) => onBoard.has(activityId))),
      };
      return { shown, owned, board };
    };
    let last = await differs();
    const agrees = async () => {
      last = await differs();
      return isDeepStrictEqual(last.shown, last.owned);
    };
    await eventually(agrees, 'the board', 60_000).catch(() => {
      expect(last.shown).toEqual(last.owned);
    });
    return last.board;
  }
}

/**
 * The answer of one call, asked for again under its key while the ledger has not answered within the two seconds that
 * the route waits: on a busy machine `pending` is an answer like others, and goes on by itself.
 */
function settled(send: (key: string) => Promise<Answer>): Promise<Answer> {
  const key = randomUUID();
  return eventually(
    async () => {
      const answer = await send(key);
      const { path, outcome, decisions = [] } = answer.body;
      const outcomes = [path, outcome, ...decisions.map((decision: Parsed) => decision.outcome)];
      return outcomes.includes('pending') ? null : answer;
    },
    'the ledger’s answer',
    30_000,
  );
}

const pick = (source: Parsed): Record<(typeof BALANCES)[number], number> =>
  Object.fromEntries(BALANCES.map((name) => [name, source[name]])) as ReturnType<typeof pick>;

const sum = (items: readonly Parsed[], member: string): number =>
  items.reduce((total, item) => total + item[member], 0);

/** R1: weighted minutes of estimates that wait for a decision; what waits for hours is not in it. */
const pendingOf = (activities: readonly Parsed[]): number =>
  activities
    .filter(
      ({ approval, state }) => approval === 'waiting' && ['waiting-for-decision', 'active'].includes(state),
    )
    .reduce((total, { estimate }) => total + estimate.weightedMinutes, 0);

const minutesOf = (activities: readonly Parsed[]) =>
  Object.fromEntries(
    activities.map(({ activityId, state, heldMinutes, actualMinutes, chargedMinutes, overrunMinutes }) => [
      activityId,
      { state, heldMinutes, actualMinutes, chargedMinutes, overrunMinutes },
    ]),
  );

/** Adds the entries up, and follows their order, times and hashes on the way. */
function recount(entries: readonly Parsed[], overdraftMinutes: number) {
  let postedMinutes = 0;
  let heldMinutes = 0;
  let before: Parsed;
  for (const entry of entries) {
    postedMinutes += entry.postedDeltaMinutes;
    heldMinutes += entry.heldDeltaMinutes;
    expect(entry).toMatchObject({
      sequence: (before?.sequence ?? 0) + 1,
      postedMinutes,
      heldMinutes,
      availableMinutes: postedMinutes - heldMinutes,
      ...(before === undefined ? {} : { previousHash: before.hash }),
    });
    expect(entry.availableMinutes).toBeGreaterThanOrEqual(-overdraftMinutes);
    expect(before === undefined || before.recordedAt <= entry.recordedAt).toBe(true);
    before = entry;
  }
  return {
    grantedMinutes: undefined,
    postedMinutes,
    heldMinutes,
    availableMinutes: postedMinutes - heldMinutes,
  };
}
