import type { Answer } from '@monteore/service/testing';
import { eventually } from '@monteore/testing';
import type { TwoServices } from './two-services.ts';

const REFERENT = 'luca@agenzia.example';
const DUE = { date: '2099-12-18', firmness: 'flexible' };

let packages = 0;

/** One package with an approver and agreed activities, driven through the front doors of both services. */
export class HeldPackage {
  private calls = 0;

  private constructor(
    private readonly services: TwoServices,
    readonly packageId: string,
    private readonly approverId: string,
    /** The agreed activities, in the order in which they were agreed. */
    readonly activityIds: readonly string[],
  ) {}

  /** Known to both services when it resolves; each activity waits for the decision on its first version. */
  static async open(
    services: TwoServices,
    grantedMinutes: number,
    estimateMinutes: readonly number[],
  ): Promise<HeldPackage> {
    packages += 1;
    const { service } = services.ledger;
    const token = service.token('administrator');
    const post = async (url: string, body: object) => {
      const answer = await service.call('POST', url, { token, body });
      if (answer.status !== 201) throw new Error(answer.text);
      return answer;
    };
    const client = await post('/v1/clients', {
      name: `Comune ${packages}`,
      language: 'it',
      contacts: [{ name: 'Anna', email: `anna${packages}@comune.example`, roles: ['approver'] }],
    });
    const { clientId, contacts } = client.body;
    const opened = await post('/v1/packages', {
      clientId,
      name: `Sito ${packages}`,
      referentEmail: REFERENT,
      grantedMinutes,
      agreedActivities: estimateMinutes.map((minutes, index) => ({
        title: `Attività ${index + 1}`,
        kind: 'improvement',
        estimateMinutes: minutes,
        assignee: REFERENT,
        due: DUE,
      })),
    });
    const { packageId } = opened.body;
    await services.toEstimation();
    const listed = await services.estimation.service.get(
      `/v1/activities?packageId=${packageId}&limit=200`,
      services.estimation.service.token('administrator'),
    );
    const activityIds = listed.body.items.map(({ activityId }: { activityId: string }) => activityId);
    return new HeldPackage(services, packageId, contacts[0].contactId, activityIds);
  }

  /** The approver approves; see `asks`. */
  approve(activityId: string, version = 1): Promise<() => Promise<Answer>> {
    return this.asks(`/v1/activities/${activityId}/decisions`, { version, decision: 'approve' });
  }

  /** The approver approves several in one go; see `asks`. */
  approveTogether(...activityIds: string[]): Promise<() => Promise<Answer>> {
    const decisions = activityIds.map((activityId) => ({ activityId, version: 1, decision: 'approve' }));
    return this.asks('/v1/decisions', { decisions });
  }

  /**
   * A call of the approver that asks the ledger for hours. Resolves as soon as the question is recorded, while the call
   * itself goes on waiting for the answer; what it gives makes the same call again, under the same key.
   */
  private async asks(url: string, body: object): Promise<() => Promise<Answer>> {
    const before = await this.questions();
    const call = this.calling(url, body);
    const first = call();
    await eventually(async () => (await this.questions()) > before, `${url} to ask for hours`);
    return async () => {
      await first;
      return call();
    };
  }

  /** What the approver is answered at once. */
  approveAtOnce(activityId: string): Promise<Answer> {
    return this.calling(`/v1/activities/${activityId}/decisions`, { version: 1, decision: 'approve' })();
  }

  /** The team says how long the whole activity takes after all: a newer version, which waits for a decision. */
  async estimate(activityId: string, minutes: number): Promise<void> {
    const { service } = this.services.estimation;
    const answer = await service.call('POST', `/v1/activities/${activityId}/estimates`, {
      token: service.token('team-member'),
      body: { minutes, assignee: REFERENT, due: DUE },
    });
    if (answer.status !== 201 || answer.body.path !== 'decision') throw new Error(answer.text);
  }

  async topUp(minutes: number): Promise<void> {
    await this.onLedger('lots', { minutes });
  }

  async close(): Promise<void> {
    await this.onLedger('closure', { residual: 'expire', reason: 'fine' });
  }

  /** The ledger's own numbers. */
  async balances() {
    const { service } = this.services.ledger;
    const { body } = await service.get(`/v1/packages/${this.packageId}`, service.token('administrator'));
    const { status, heldMinutes, availableMinutes } = body;
    return { status, heldMinutes, availableMinutes };
  }

  /** Estimation's view of an activity. */
  async activity(activityId: string): Promise<Answer['body']> {
    const { service } = this.services.estimation;
    return (await service.get(`/v1/activities/${activityId}`, service.token('administrator'))).body;
  }

  private async onLedger(path: string, body: object): Promise<void> {
    const { service } = this.services.ledger;
    const answer = await service.call('POST', `/v1/packages/${this.packageId}/${path}`, {
      token: service.token('administrator'),
      body,
    });
    if (answer.status >= 300) throw new Error(answer.text);
  }

  private calling(url: string, body: object): () => Promise<Answer> {
    this.calls += 1;
    const { service } = this.services.estimation;
    const headers = { 'idempotency-key': `${this.packageId}-${this.calls}` };
    const token = service.token('approver', this.approverId);
    return () => service.call('POST', url, { token, body, headers });
  }

  private async questions(): Promise<number> {
    const recorded = await this.services.estimation.recorded();
    return recorded.filter(({ type }) => type === 'ReservationRequested').length;
  }
}
