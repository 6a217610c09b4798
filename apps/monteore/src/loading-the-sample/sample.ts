import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { addDays } from '@monteore/calendar';
import type { ServiceName } from '@monteore/contracts';
import type { RunningService } from '@monteore/service';
import { z } from 'zod';
import { type DataLayout, replaceFile } from '../keeping-the-data-directory/layout.js';

/** `day` is fixed before the first call, so that a repeat after a kill asks for the very same. */
const zProgress = z.object({
  state: z.enum(['not-wanted', 'wanted', 'loaded']),
  day: z.string(),
  clientId: z.string().optional(),
  packageId: z.string().optional(),
});

/**
 * Notes whether the sample is wanted, while the installation does not exist yet: later starts follow the first one's
 * wish, whatever they are called with.
 */
export async function planSample(layout: DataLayout, wanted: boolean, day: string): Promise<void> {
  if (existsSync(layout.installationFile)) return;
  await replaceFile(layout.sampleFile, JSON.stringify({ state: wanted ? 'wanted' : 'not-wanted', day }));
}

/**
 * Loads the sample through the services' own REST, once: its calls carry Idempotency-Keys, so that a start that was
 * killed among them is carried on by the next. Throws Error with the first refusal.
 */
export async function loadSample(
  layout: DataLayout,
  services: readonly RunningService[],
  token: string,
): Promise<void> {
  const text = await readFile(layout.sampleFile, 'utf8').catch(() => null);
  if (text === null) return;
  const progress = zProgress.parse(JSON.parse(text));
  if (progress.state !== 'wanted') return;
  const post = async (service: ServiceName, url: string, key: string, payload: object) => {
    const { app } = services.find(({ name }) => name === service)!;
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': `sample/${key}` };
    const answer = await app.inject({ method: 'POST', url, headers, payload });
    if (answer.statusCode !== 201) throw new Error(`the sample's ${url} was refused: ${answer.body}`);
    return answer.json() as Record<string, string>;
  };
  await post('identity', '/v1/people', 'referent', sampleReferent);
  const { clientId } = await post('ledger', '/v1/clients', 'client', sampleClient);
  const { packageId } = await post('ledger', '/v1/packages', 'package', {
    clientId,
    ...samplePackage(progress.day),
  });
  await replaceFile(layout.sampleFile, JSON.stringify({ ...progress, state: 'loaded', clientId, packageId }));
}

const REFERENT = 'assistenza@agenzia.example';

const sampleReferent = { email: REFERENT, name: 'Assistenza', role: 'referent' };

const sampleClient = {
  name: 'Comune di Esempio',
  language: 'it',
  contacts: [
    { name: 'Ufficio Turismo', email: 'ufficio.turismo@comune.example', roles: ['approver', 'requester'] },
    { name: 'Segreteria', email: 'segreteria@comune.example', roles: ['requester'] },
    { name: 'Ufficio Protocollo', email: 'protocollo@comune.example', roles: ['viewer'] },
  ],
};

/** 20 hours, of which 14 h 30 min are agreed. */
function samplePackage(day: string) {
  const activity = (
    title: string,
    kind: string,
    estimateMinutes: number,
    days: number,
    firmness: string,
  ) => ({
    title,
    kind,
    estimateMinutes,
    assignee: REFERENT,
    due: { date: addDays(day, days), firmness },
  });
  return {
    name: 'Assistenza sito turistico',
    referentEmail: REFERENT,
    grantedMinutes: 1200,
    expiresOn: addDays(day, 365),
    agreedActivities: [
      activity('Aggiornamento del framework e della piattaforma', 'update', 360, 30, 'rigid'),
      activity('Nuova pagina degli eventi', 'improvement', 300, 45, 'flexible'),
      activity("Formazione sull'uso del pannello", 'training', 120, 60, 'rigid'),
      activity('Revisione dei testi della home page', 'consulting', 90, 20, 'flexible'),
    ],
  };
}
