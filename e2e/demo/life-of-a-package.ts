import { createHash } from 'node:crypto';
import { eventually } from '@monteore/testing';
import type { Instance } from '../harness/instance.ts';
import type { SentMail } from '../harness/outbox.ts';
import { type BalanceCheck, checkBalances } from './balances.ts';
import { DemoPackage, PEOPLE } from './demo-package.ts';

/** What a step did, in one line, and the three counts after it. */
export interface PlayedStep extends BalanceCheck {
  readonly what: string;
}

export interface PlayedLife {
  readonly steps: readonly PlayedStep[];
  /** The closing spreadsheet, byte for byte as it was mailed. */
  readonly workbook: Buffer;
}

/** The naive count: what each step is expected to do to the balances, from the rules alone. */
class Tally {
  private granted = 0;
  private charged = 0;
  private settled = 0;
  private held = 0;
  private pending = 0;

  add(change: Partial<Record<'granted' | 'charged' | 'settled' | 'held' | 'pending', number>>): this {
    for (const [name, minutes] of Object.entries(change)) this[name as keyof typeof change] += minutes;
    return this;
  }

  get balances() {
    const posted = this.granted - this.charged - this.settled;
    return { posted, held: this.held, available: posted - this.held, pending: this.pending };
  }
}

/**
 * Plays the life of one 20-hour package through mail and REST, from opening to the closing spreadsheet, and counts
 * after each step. Needs an instance with a test clock, in which nobody else has the addresses of its people. Throws Error when something does not go as the rules say.
 */
export async function playLife(
  instance: Instance,
  told: (step: PlayedStep) => void = () => {},
): Promise<PlayedLife> {
  const played: PlayedStep[] = [];
  const tally = new Tally();
  const steps = await DemoPackage.open(instance, {
    grantedMinutes: 1200,
    agreed: [
      { title: 'Aggiornamento del framework', kind: 'update', estimateMinutes: 240 },
      { title: 'Nuova pagina degli eventi', kind: 'improvement', estimateMinutes: 180 },
      { title: 'Formazione sul pannello', kind: 'training', estimateMinutes: 60 },
    ],
  });
  const { team, packageId } = steps;
  const counted = async (what: string, change: Parameters<Tally['add']>[0]) => {
    const expected = tally.add(change).balances;
    const step = { what, ...(await checkBalances(team, packageId, expected)) };
    played.push(step);
    told(step);
  };
  const mail = (what: string, subject: RegExp, also: (mail: SentMail) => boolean = () => true) =>
    instance.outbox.mail(
      what,
      (candidate) => isToOurs(candidate) && subject.test(candidate.subject) && also(candidate),
    );
  const expectPath = (path: string, wanted: string) => {
    if (path !== wanted) throw new Error(`the estimate went «${path}», the rules say «${wanted}»`);
  };

  const framework = await steps.activity('Aggiornamento del framework');
  const events = await steps.activity('Nuova pagina degli eventi');
  const training = await steps.activity('Formazione sul pannello');
  await counted('R1, R4 opened: 20 h, three agreed activities wait for a decision', {
    granted: 1200,
    pending: 480,
  });

  await steps.decideByLink(framework.activityId, 1, 'approve');
  await steps.reached(framework.activityId, 'active');
  await counted('R5 first agreed activity approved by the link in the mail', { pending: -240, held: 240 });

  const approver = await steps.as('approver');
  await approver.must(
    approver.post('/estimation/v1/decisions', {
      decisions: [events, training].map(({ activityId }) => ({
        activityId,
        version: 1,
        decision: 'approve',
      })),
    }),
  );
  await counted('R5 the other two approved in one go', { pending: -240, held: 240 });

  const hours = await steps.requestByMail(
    'Orari del museo',
    'Buongiorno,\n\npotete correggere gli orari di apertura nella pagina dei contatti?\n\nGrazie,\nSegreteria\n',
  );
  await mail('the confirmation', /Orari del museo|R-\d+/, ({ to }) => to.startsWith('segreteria@'));
  await counted(`R8, R9 a request by mail, to be taken in charge by ${hours.takeInChargeBy}`, {});

  const minor = await steps.estimateExtra(hours, { title: 'Correzione degli orari', minutes: 30 });
  expectPath(minor.path, 'automatic');
  await counted('R3 a minor extra of 30 minutes starts by itself', { held: 30 });

  const exhibition = await steps.requestByMail(
    'Pagina per la mostra di primavera',
    'Buongiorno,\n\nvorremmo una pagina dedicata alla mostra di primavera.\n\nGrazie\n',
  );
  const major = await steps.estimateExtra(exhibition, { title: 'Pagina della mostra', minutes: 120 });
  expectPath(major.path, 'decision');
  await counted('R3 a major extra of 2 h asks for confirmation', { pending: 120 });
  const asked = await steps.decideByLink(major.activityId, 1, 'approve');
  if (!/potrebbe.*non.*(sufficiente|bastare)/is.test(asked.text))
    throw new Error(`the mail of the major extra lacks the warning:\n${asked.text}`);
  await counted('R3, R5 confirmed by link, after the warning with the numbers', { pending: -120, held: 120 });

  const broken = await steps.requestByMail(
    'URGENTE: biglietteria ferma',
    'Buongiorno,\n\nla biglietteria online non funziona, è urgente.\n\nSegreteria\n',
  );
  if (broken.urgent !== true) throw new Error('the urgency said in the mail was not heard');
  const urgent = await steps.estimateExtra(broken, {
    title: 'Biglietteria ferma',
    minutes: 40,
    urgent: true,
  });
  if (urgent.weightedMinutes !== 120) throw new Error(`urgent: ${urgent.weightedMinutes}, the rules say 120`);
  expectPath(urgent.path, 'decision');
  await counted('R2 an urgent one of 40 minutes is weighted three times', { pending: 120 });
  await steps.decideByLink(urgent.activityId, 1, 'approve');
  await counted('R2, R5 approved', { pending: -120, held: 120 });

  await steps.logWork(urgent.activityId, 40);
  await counted('R2 40 minutes of urgent work are charged as 120', { charged: 120, held: -120 });
  await steps.logWork(framework.activityId, 200);
  await steps.finish(framework.activityId);
  await counted('R6 done in 200 of 240 minutes: the rest of the hold returns', { charged: 200, held: -240 });

  const longer = await steps.logWork(events.activityId, 230);
  await counted('R6 230 minutes on a hold of 180: 50 are an overrun', { charged: 180, held: -180 });
  if (longer.overrunMinutes !== 50) throw new Error(`overrun: ${longer.overrunMinutes}, the rules say 50`);
  await steps.chargeOverrunByLink(longer.overrunId);
  await counted('R6 the approver has the overrun charged, by link', { charged: 50 });

  await steps.logWork(minor.activityId, 30);
  const mistaken = await steps.logWork(training.activityId, 60);
  await steps.finish(training.activityId);
  await counted('R12 the minor extra and the training are worked: half is used up', {
    charged: 90,
    held: -90,
  });
  await mail('the mail of the threshold', /al 50 %/);

  await team.must(
    team.post(`/ledger/v1/packages/${packageId}/work-entries/${mistaken.workEntryId}/reversal`, {
      reason: 'Durata sbagliata',
    }),
  );
  await counted('R15 the training entry is reversed: it returns to available', { charged: -60 });
  await steps.logWork(training.activityId, 45);
  await counted('R6, R15 recorded anew after the end, within the estimate', { charged: 45 });

  await steps.logWork(major.activityId, 120);
  const { activityId: replicaId } = await team.must(
    team.post(`/estimation/v1/activities/${major.activityId}/replica`, {
      reason: 'Il cliente rifà la grafica',
    }),
  );
  const again = await steps.estimate(replicaId, 90);
  expectPath(again.path, 'decision');
  await counted('R7 discarded work is repeated as a replica, which asks again', {
    charged: 120,
    held: -120,
    pending: 90,
  });
  await steps.decideByLink(replicaId, again.version, 'approve');
  await steps.reached(replicaId, 'active');
  await steps.logWork(replicaId, 90);
  await counted('R7 approved and worked', { pending: -90, charged: 90 });

  const archive = await steps.requestByMail(
    'Archivio delle manifestazioni',
    'Buongiorno,\n\nci servirebbe un archivio delle manifestazioni passate.\n\nSegreteria\n',
  );
  const big = await steps.estimateExtra(archive, { title: 'Archivio delle manifestazioni', minutes: 480 });
  expectPath(big.path, 'waiting-for-hours');
  await counted('R3 an extra of 8 h does not fit: it waits for hours', {});
  await team.must(team.post(`/ledger/v1/packages/${packageId}/lots`, { minutes: 240 }));
  await steps.reached(big.activityId, 'waiting-for-decision');
  await counted('R3 a top-up of 4 h serves what waits: it asks for a decision', {
    granted: 240,
    pending: 480,
  });
  await steps.decideByLink(big.activityId, big.version, 'approve');
  await steps.reached(big.activityId, 'active');
  await steps.logWork(big.activityId, 480);
  await counted('R12 approved and worked: 75 % and 90 % crossed, told in one mail', {
    pending: -480,
    charged: 480,
  });
  await mail('the one mail of two thresholds', /al 90 %/, ({ text }) => /75 %/.test(text));

  for (const activityId of [urgent, events, minor, replicaId, big].map((one) =>
    typeof one === 'string' ? one : one.activityId,
  ))
    await steps.finish(activityId);
  instance.clock.advance({ days: 1 });
  const rest = tally.balances.posted;
  await team.must(
    team.post(`/ledger/v1/packages/${packageId}/closure`, {
      residual: 'expire',
      reason: 'Fine del progetto',
    }),
  );
  await counted(`R14 closed: the residual of ${rest} minutes expires`, { settled: rest });
  return { steps: played, workbook: await closingWorkbook(instance, steps) };
}

const isToOurs = ({ to }: SentMail): boolean => Object.values<string>(PEOPLE).includes(to);

/** R14: mailed and fetched, the file is one, byte for byte. */
async function closingWorkbook(instance: Instance, { team, packageId }: DemoPackage): Promise<Buffer> {
  const path = `/reporting/v1/boards/${packageId}/export.xlsx`;
  const attached = await instance.outbox.mail(
    'the mail with the spreadsheet',
    (mail) => isToOurs(mail) && mail.parsed.attachments.some(({ filename }) => filename?.endsWith('.xlsx')),
  );
  const mailed = attached.parsed.attachments.find(({ filename }) => filename?.endsWith('.xlsx'))!.content;
  const kept = await eventually(() => team.bytes(path).catch(() => null), 'the kept file');
  const [one, other] = [mailed, kept].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  if (one !== other) throw new Error(`the mailed spreadsheet (${one}) is not the kept one (${other})`);
  return kept;
}
