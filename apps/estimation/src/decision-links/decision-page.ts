import { formatDate } from '@monteore/calendar';
import { formatMinutes, type Language } from '@monteore/kernel';
import { type Html, html } from '@monteore/service';

/** What the page of one estimate shows: every number comes from the owner of the fact. */
export interface DecisionView {
  readonly packageName: string;
  readonly displayTitle: string;
  readonly description?: string;
  readonly version: number;
  readonly minutes: number;
  readonly multiplier: number;
  readonly weightedMinutes: number;
  readonly due: { readonly date: string; readonly firmness: 'rigid' | 'flexible' };
  readonly assignee?: string;
  readonly availableMinutes?: number;
  readonly leftMinutes?: number;
  readonly standing:
    | { readonly kind: 'open' }
    | {
        readonly kind: 'decided';
        readonly outcome: 'approved' | 'rejected' | 'withdrawn';
        readonly by: string;
        readonly at: string;
        readonly hours: 'reserved' | 'waiting-for-hours' | 'pending' | 'none';
        readonly missingMinutes?: number;
      }
    | { readonly kind: 'outdated'; readonly newestVersion: number }
    | { readonly kind: 'over' };
}

const WORDS = {
  it: {
    title: 'Stima da approvare',
    activity: 'Attività',
    estimate: 'Tempo stimato',
    urgent: (multiplier: number) => `Urgente: si addebita ${multiplier} volte il tempo effettivo`,
    charged: 'Ore del pacchetto impegnate',
    due: 'Data di consegna',
    rigid: 'rigida',
    flexible: 'flessibile',
    assignee: 'Persona incaricata',
    available: 'Ore disponibili ora',
    left: 'Ore che resterebbero',
    tooFew:
      'Le ore disponibili non bastano: se approva, l’attività resta in attesa e parte da sola quando arrivano ore nel pacchetto.',
    approve: 'Approvo',
    reject: 'Non approvo',
    reason: 'Motivo (facoltativo; resta nella storia dell’attività)',
    explain: 'Nulla viene deciso finché non preme uno dei due pulsanti.',
    approved: 'Approvata',
    rejected: 'Non approvata',
    withdrawn: 'Approvazione ritirata',
    decidedBy: (who: string, when: string) => `Decisione di ${who}, ${when}.`,
    reserved: 'Le ore sono state prenotate sul pacchetto e il lavoro può cominciare.',
    waiting: (missing: string) =>
      `L’approvazione è registrata, ma mancano ${missing}: l’attività parte da sola appena ci sono ore.`,
    pending: 'La decisione è registrata: le ore vengono prenotate tra poco.',
    none: 'Nessuna ora è stata impegnata.',
    outdated: (version: number) =>
      `Questa stima è stata sostituita dalla versione ${version}: decida su quella, con il collegamento nel messaggio più recente.`,
    over: 'Su questa attività non c’è più nulla da decidere.',
    version: 'Versione',
  },
  en: {
    title: 'Estimate to approve',
    activity: 'Activity',
    estimate: 'Estimated time',
    urgent: (multiplier: number) => `Urgent: ${multiplier} times the actual time is charged`,
    charged: 'Hours taken from the package',
    due: 'Due date',
    rigid: 'rigid',
    flexible: 'flexible',
    assignee: 'Person in charge',
    available: 'Hours available now',
    left: 'Hours that would be left',
    tooFew:
      'There are not enough hours: if you approve, the activity waits and starts by itself when hours arrive in the package.',
    approve: 'Approve',
    reject: 'Do not approve',
    reason: 'Reason (optional; it stays in the activity’s history)',
    explain: 'Nothing is decided until you press one of the two buttons.',
    approved: 'Approved',
    rejected: 'Not approved',
    withdrawn: 'Approval withdrawn',
    decidedBy: (who: string, when: string) => `Decided by ${who}, ${when}.`,
    reserved: 'The hours have been set aside and the work can start.',
    waiting: (missing: string) =>
      `The approval is recorded, but ${missing} are missing: the activity starts by itself as soon as there are hours.`,
    pending: 'The decision is recorded: the hours are being set aside.',
    none: 'No hours were taken.',
    outdated: (version: number) =>
      `This estimate was replaced by version ${version}: decide on that one, with the link in the newest message.`,
    over: 'There is nothing left to decide on this activity.',
    version: 'Version',
  },
} as const;

export const decisionPageTitle = (language: Language): string => WORDS[language].title;

export function decisionPage(view: DecisionView, language: Language, decidedAtText: string): Html {
  const words = WORDS[language];
  const { minutes, multiplier, weightedMinutes, due } = view;
  return html`<p class="muted">${view.packageName}</p><h1>${view.displayTitle}</h1>
${view.description === undefined ? '' : html`<div class="card">${view.description}</div>`}
<div class="card"><dl>
<dt>${words.estimate}</dt><dd><strong>${formatMinutes(minutes)}</strong></dd>
${multiplier > 1 ? html`<dt class="warn">×${multiplier}</dt><dd class="warn">${words.urgent(multiplier)}</dd>` : ''}
<dt>${words.charged}</dt><dd>${formatMinutes(weightedMinutes)}</dd>
<dt>${words.due}</dt><dd>${formatDate(due.date, language)} <span class="tag">${words[due.firmness]}</span></dd>
${view.assignee === undefined ? '' : html`<dt>${words.assignee}</dt><dd>${view.assignee}</dd>`}
<dt>${words.version}</dt><dd>${view.version}</dd>
${view.availableMinutes === undefined ? '' : html`<dt>${words.available}</dt><dd>${formatMinutes(view.availableMinutes)}</dd>`}
${
  view.standing.kind === 'open' && view.leftMinutes !== undefined
    ? html`<dt>${words.left}</dt><dd class="${view.leftMinutes < 0 ? 'bad' : 'good'}">${formatMinutes(view.leftMinutes)}</dd>`
    : ''
}
</dl></div>
${standing(view, language, decidedAtText)}`;
}

function standing(view: DecisionView, language: Language, decidedAtText: string): Html {
  const words = WORDS[language];
  const now = view.standing;
  switch (now.kind) {
    case 'outdated':
      return html`<div class="card warn">${words.outdated(now.newestVersion)}</div>`;
    case 'over':
      return html`<div class="card">${words.over}</div>`;
    case 'decided':
      return html`<div class="card" role="status"><p class="${now.outcome === 'approved' ? 'good' : 'bad'}"><strong>${words[now.outcome]}</strong></p>
<p>${hoursText(now, language)}</p><p class="muted">${words.decidedBy(now.by, decidedAtText)}</p></div>`;
    case 'open':
      return html`${(view.leftMinutes ?? 0) < 0 ? html`<div class="card warn">${words.tooFew}</div>` : ''}
<form method="post" class="card"><p class="muted">${words.explain}</p>
<button class="yes" name="decision" value="approve">${words.approve}</button>
<label for="reason">${words.reason}</label><textarea id="reason" name="reason" rows="3" maxlength="1000"></textarea>
<button class="no" name="decision" value="reject">${words.reject}</button></form>`;
  }
}

function hoursText(
  decided: Extract<DecisionView['standing'], { kind: 'decided' }>,
  language: Language,
): string {
  const words = WORDS[language];
  switch (decided.hours) {
    case 'reserved':
      return words.reserved;
    case 'waiting-for-hours':
      return words.waiting(formatMinutes(decided.missingMinutes ?? 0));
    case 'pending':
      return words.pending;
    case 'none':
      return words.none;
  }
}
