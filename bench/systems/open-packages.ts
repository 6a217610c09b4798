import { insistently, untilAnswered } from '../../e2e/harness/insisting.ts';
import type { RestClient } from '../../e2e/harness/rest-client.ts';
import type { System } from './system.ts';

/** A package with one approved activity, on which work can be recorded for a long time. */
export interface WorkedPackage {
  readonly packageId: string;
  readonly activityId: string;
}

const AT_ONCE = 8;
const GRANTED_MINUTES = 600_000;
const ESTIMATE_MINUTES = 500_000;

/** Opens so many packages through REST, each of a client of its own, and has their activities approved. */
export async function openPackages(system: System, count: number): Promise<WorkedPackage[]> {
  const rest = await system.rest();
  const packages: WorkedPackage[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
      while (left > 0) {
        left -= 1;
        packages.push(await openPackage(rest));
      }
    }),
  );
  return packages;
}

async function openPackage(rest: RestClient): Promise<WorkedPackage> {
  const tag = crypto.randomUUID().slice(0, 8);
  const client = {
    name: `Cliente ${tag}`,
    language: 'it',
    contacts: [{ name: 'Anna Approva', email: `anna.${tag}@cliente.example`, roles: ['approver'] }],
  };
  const { clientId, contacts } = await rest.must(rest.post('/ledger/v1/clients', client));
  const opening = {
    clientId,
    name: `Pacchetto ${tag}`,
    referentEmail: 'referente@agenzia.example',
    grantedMinutes: GRANTED_MINUTES,
    policy: { thresholdsPercent: [] },
    agreedActivities: [
      {
        title: 'Assistenza',
        kind: 'site-assistance',
        estimateMinutes: ESTIMATE_MINUTES,
        assignee: 'sviluppo@agenzia.example',
        due: { date: '2099-12-31', firmness: 'flexible' },
      },
    ],
  };
  const { packageId } = await rest.must(rest.post('/ledger/v1/packages', opening));
  const activityId = await untilAnswered('the agreed activity', async () => {
    const { status, body } = await rest.get(`/estimation/v1/activities?packageId=${packageId}`);
    return status === 200 && body.items[0]?.state === 'waiting-for-decision'
      ? body.items[0].activityId
      : null;
  });
  const decision = { version: 1, decision: 'approve', contactId: contacts[0].contactId };
  const path = `/estimation/v1/activities/${activityId}/decisions`;
  const { outcome } = await rest.must(insistently((key) => rest.post(path, decision, { key })));
  if (outcome !== 'reserved') throw new Error(`the activity was not approved: ${outcome}`);
  return { packageId, activityId };
}
