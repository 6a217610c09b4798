import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  type Answer,
  eventually,
  insistently,
  openPackage,
  type PackageSteps,
  type Parsed,
  type RestClient,
} from '../harness/index.ts';
import { expectEveryMailOnce } from './mails-once.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(400_000);

const KILLS = 10;
const WORKERS = 4;
const ENTRIES_EACH = 5;
const TOP_UPS = 4;
const DECISIONS = 2;

let survivor: Survivor;
let team: RestClient;

beforeAll(async () => {
  survivor = await Survivor.start();
  team = await survivor.rest('administrator');
}, 90_000);

afterAll(() => survivor?.proveAndStop());

/** A command that was answered, and how to ask for it once more. */
interface Acknowledged {
  readonly kind: 'work' | 'top-up' | 'decision' | 'closing';
  readonly answer: Answer;
  readonly again: () => Promise<Answer>;
}

/** Commands under keys of their own, with the answers in the order in which they came. */
class Commands {
  readonly answered: Acknowledged[] = [];
  private readonly waiting: { readonly count: number; readonly reached: () => void }[] = [];

  async send(kind: Acknowledged['kind'], call: (key: string) => Promise<Answer>): Promise<Answer> {
    const key = randomUUID();
    const again = () => insistently(call, { key });
    const answer = await again();
    this.answered.push({ kind, answer, again });
    for (const { count, reached } of this.waiting) if (this.answered.length >= count) reached();
    return answer;
  }

  after(count: number): Promise<void> {
    return new Promise((reached) => this.waiting.push({ count, reached }));
  }
}

const titleOf = (round: number, index: number): string => `Concordata ${round}-${index}`;

describe('R1, R15 killed ten times in a row under load', () => {
  let steps: PackageSteps;
  let activityId: string;
  const closings: PackageSteps[] = [];
  const acknowledged: Acknowledged[] = [];

  beforeAll(async () => {
    const agreed = Array.from({ length: KILLS * DECISIONS }, (_, index) => ({
      title: titleOf(Math.floor(index / DECISIONS), index % DECISIONS),
      minutes: 10,
    }));
    steps = await openPackage(survivor, team, {
      minutes: 3000,
      agreed,
      policy: { toleranceMinutes: 2000, thresholdsPercent: [] },
    });
    activityId = await steps.approvedExtra('Lavoro', 1000);
    for (let round = 0; round < KILLS; round += 1)
      closings.push(await openPackage(survivor, team, { minutes: 60 }));
  }, 90_000);

  test.each(Array.from({ length: KILLS }, (_, round) => round))(
    'every acknowledged command is in the ledger once after kill %d',
    async (round) => {
      const commands = new Commands();
      const killed = commands.after(2 + 2 * round).then(() => survivor.killAndRestart());
      const closing = closings[round]!;
      const approve = async (index: number) => {
        const id = (await steps.agreed(titleOf(round, index))) as string;
        const path = `/estimation/v1/activities/${id}/decisions`;
        const body = { version: 1, decision: 'approve', contactId: steps.approver.contactId };
        return () => commands.send('decision', (key) => team.post(path, body, { key }));
      };
      const approvals = await Promise.all(Array.from({ length: DECISIONS }, (_, index) => approve(index)));
      await Promise.all([
        ...Array.from({ length: WORKERS }, async () => {
          for (let entry = 0; entry < ENTRIES_EACH; entry += 1)
            await commands.send('work', (key) => steps.work(activityId, 1, {}, { key }));
        }),
        ...approvals.map((send) => send()),
        (async () => {
          for (let topUp = 0; topUp < TOP_UPS; topUp += 1)
            await commands.send('top-up', (key) =>
              team.post(`${steps.path}/lots`, { minutes: 10, reference: `R${round}-${topUp}` }, { key }),
            );
        })(),
        commands
          .after(1 + 2 * round)
          .then(() =>
            commands.send('closing', (key) =>
              team.post(`${closing.path}/closure`, { residual: 'expire', reason: 'fine' }, { key }),
            ),
          ),
        killed,
      ]);
      acknowledged.push(...commands.answered);

      const statuses = new Set(commands.answered.map(({ kind, answer }) => `${kind} ${answer.status}`));
      expect(statuses).toEqual(new Set(['work 201', 'top-up 201', 'decision 200', 'closing 200']));
      for (const { answer, again } of commands.answered) expect((await again()).body).toEqual(answer.body);
      await expectLedger(round + 1);
      await closing.books({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0 });
    },
  );

  /** The ledger after so many rounds: each command counted once, in the entries as in the totals. */
  async function expectLedger(rounds: number): Promise<void> {
    const worked = rounds * WORKERS * ENTRIES_EACH;
    const added = rounds * TOP_UPS;
    const approved = rounds * DECISIONS;
    const entries = await steps.entries();
    const count = (type: string): number => entries.filter((entry: Parsed) => entry.type === type).length;
    expect({
      charges: count('WorkCharged'),
      lots: count('LotAdded'),
      reservations: count('HoursReserved'),
    }).toEqual({ charges: worked, lots: 1 + added, reservations: 1 + approved });
    for (const [kind, member, expected] of [
      ['work', 'workEntryId', worked],
      ['top-up', 'lotId', added],
    ] as const) {
      const ids = acknowledged.filter((one) => one.kind === kind).map(({ answer }) => answer.body[member]);
      expect(new Set(ids).size).toBe(expected);
    }
    const { lots } = await steps.show();
    expect(lots).toHaveLength(1 + added);
    await steps.books({
      grantedMinutes: 3000 + 10 * added,
      postedMinutes: 3000 + 10 * added - worked,
      heldMinutes: 1000 - worked + 10 * approved,
    });
    expect(await steps.activity(activityId)).toMatchObject({ actualMinutes: worked, chargedMinutes: worked });
  }

  test('every mail that was caused was written once', async () => {
    await expectEveryMailOnce(survivor, team, steps.packageId);
    const toApprover = (await survivor.outbox.mails()).filter(({ to }) => to === steps.approver.email);
    for (let round = 0; round < KILLS; round += 1) {
      for (let index = 0; index < DECISIONS; index += 1) {
        const title = `Attività approvata: ${titleOf(round, index)}`;
        expect(toApprover.filter(({ subject }) => subject.includes(title))).toHaveLength(1);
      }
      const closing = closings[round]!;
      await closing.mail('Pacchetto orario chiuso');
      await expectEveryMailOnce(survivor, team, closing.packageId);
      expect(await closing.mailsSoFar('Pacchetto orario chiuso')).toHaveLength(1);
    }
  });
});

describe('killed while it starts', () => {
  test('five times, it starts the sixth time with everything', async () => {
    const steps = await openPackage(survivor, team, { agreed: [{ title: 'Una', minutes: 60 }] });
    await steps.approve(await steps.agreed('Una'));
    for (let kill = 0; kill < 5; kill += 1) await survivor.killWhileStarting(400 + 500 * kill);
    await eventually(
      async () => (await fetch(`${survivor.baseUrl}/health/ready`)).status === 200,
      'ready after the kills',
    );
    await steps.books({ postedMinutes: 600, heldMinutes: 60, pendingMinutes: 0 });
  });
});
