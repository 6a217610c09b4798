import { expect } from '@jest/globals';
import { expectEveryMailOnce } from '../../faults/mails-once.ts';
import {
  type Answer,
  eventually,
  insistently,
  openPackage,
  type PackageSteps,
  type RestClient,
} from '../../harness/index.ts';
import type { Cluster } from '../cluster.ts';

const MINUTES = 20_000;
const APPROVED_MINUTES = 10_000;
const DECISION_MINUTES = 10;
/** A fault test decides on fewer than this. */
const DECISIONS_AT_MOST = 60;
/** Between two commands of one sender: steady, not as fast as can be. */
const PACE_MILLISECONDS = 100;
const SETTLE_MILLISECONDS = 120_000;

type Kind = 'work' | 'decision' | 'request';

/**
 * Requests, decisions and work entries on one package, steadily, each repeated under its key until it is answered; and
 * afterwards the question whether every one that was acknowledged is there, once.
 */
export class SteadyLoad {
  readonly steps: PackageSteps;
  private readonly cluster: Cluster;
  private readonly team: RestClient;
  private readonly activityId: string;
  private readonly toDecide: string[];
  private readonly acknowledged: Record<Kind, Answer[]> = { work: [], decision: [], request: [] };
  private isWanted = false;
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    cluster: Cluster,
    steps: PackageSteps,
    team: RestClient,
    activityId: string,
    toDecide: string[],
  ) {
    this.cluster = cluster;
    this.steps = steps;
    this.team = team;
    this.activityId = activityId;
    this.toDecide = toDecide;
  }

  /** On a package of its own. */
  static async on(cluster: Cluster): Promise<SteadyLoad> {
    const team = await cluster.rest('administrator');
    const steps = await openPackage(cluster, team, {
      minutes: MINUTES,
      agreed: Array.from({ length: DECISIONS_AT_MOST }, (_, index) => ({
        title: `Concordata ${index}`,
        minutes: DECISION_MINUTES,
      })),
      policy: { thresholdsPercent: [] },
    });
    const toDecide = (await steps.activities()).map(({ activityId }) => activityId);
    const activityId = await steps.approvedExtra('Lavoro', APPROVED_MINUTES);
    return new SteadyLoad(cluster, steps, team, activityId, toDecide);
  }

  start(): void {
    this.isWanted = true;
    this.running = Promise.all([
      this.repeat('work', (key) => this.steps.work(this.activityId, 1, {}, { key })),
      this.repeat('work', (key) => this.steps.work(this.activityId, 1, {}, { key })),
      this.repeat('request', (key) => this.team.post('/intake/v1/requests', this.request(key), { key })),
      this.decideAll(),
    ]);
  }

  /** Resolves when so many more of each kind have been acknowledged since it was asked. */
  async goesOn(count = 3, kinds: readonly Kind[] = ['work', 'decision', 'request']): Promise<void> {
    const before = Object.fromEntries(kinds.map((kind) => [kind, this.acknowledged[kind].length]));
    const grown = (kind: Kind) =>
      this.acknowledged[kind].length >= before[kind]! + count ||
      (kind === 'decision' && this.toDecide.length === 0);
    await eventually(() => kinds.every(grown), `${count} more of ${kinds.join(', ')}`, SETTLE_MILLISECONDS);
  }

  /** Resolves when the last command has been acknowledged. */
  async stop(): Promise<void> {
    this.isWanted = false;
    await this.running;
  }

  /** Everything acknowledged is in the ledger once; balances, boards, lists and mails agree with it. */
  async expectNothingLostOrDoubled(): Promise<void> {
    const { work, decision, request } = this.acknowledged;
    expect([...work, ...request].filter(({ status }) => status !== 201)).toEqual([]);
    expect(decision.filter(({ body }) => body.outcome !== 'reserved')).toEqual([]);
    const entries = await this.steps.entries();
    const count = (type: string) => entries.filter((entry) => entry.type === type).length;
    expect({ charges: count('WorkCharged'), reservations: count('HoursReserved') }).toEqual({
      charges: work.length,
      reservations: 1 + decision.length,
    });
    expect(new Set(work.map(({ body }) => body.workEntryId)).size).toBe(work.length);
    await eventually(
      async () => (await this.steps.activity(this.activityId)).chargedMinutes === work.length,
      'the charges in estimation',
      SETTLE_MILLISECONDS,
    );
    await this.steps.books({
      postedMinutes: MINUTES - work.length,
      heldMinutes: APPROVED_MINUTES - work.length + DECISION_MINUTES * decision.length,
    });
    const requests = await this.team.all(`/intake/v1/requests?packageId=${this.steps.packageId}`);
    expect(requests.map(({ requestId }) => requestId).sort()).toEqual(
      request.map(({ body }) => body.requestId).sort(),
    );
    const approvals = () => this.steps.mailsSoFar('Attività approvata');
    await eventually(
      async () => (await approvals()).length >= 1 + decision.length,
      'a mail of each approval',
      SETTLE_MILLISECONDS,
    );
    await expectEveryMailOnce(this.steps.instance, this.team, this.steps.packageId);
    expect(await approvals()).toHaveLength(1 + decision.length);
    expect(await this.cluster.monteoreAs('reporting', ['replay-diff'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Nothing would change: \d+ messages/),
    });
  }

  private async repeat(kind: Kind, send: (key: string) => Promise<Answer>): Promise<void> {
    while (this.isWanted) {
      this.acknowledged[kind].push(await insistently(send));
      await new Promise((resolve) => setTimeout(resolve, PACE_MILLISECONDS));
    }
  }

  private async decideAll(): Promise<void> {
    const body = { version: 1, decision: 'approve', contactId: this.steps.approver.contactId };
    while (this.isWanted && this.toDecide.length > 0) {
      const path = `/estimation/v1/activities/${this.toDecide.pop()}/decisions`;
      this.acknowledged.decision.push(await insistently((key) => this.team.post(path, body, { key })));
      await new Promise((resolve) => setTimeout(resolve, 5 * PACE_MILLISECONDS));
    }
  }

  private request(key: string) {
    return {
      packageId: this.steps.packageId,
      fromEmail: this.steps.approver.email,
      subject: `Richiesta ${key}`,
      text: `Potete aggiornare la pagina ${key}?`,
    };
  }
}
