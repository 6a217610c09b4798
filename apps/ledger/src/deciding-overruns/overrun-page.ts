import { formatDate, formatInstant } from '@monteore/calendar';
import { formatMinutes, type Language, type Minutes } from '@monteore/kernel';
import { type Html, html } from '@monteore/service';

/** What the page of one overrun shows (R6). */
export interface OverrunView {
  readonly packageId: string;
  readonly packageName: string;
  readonly overrunId: string;
  readonly activityId: string;
  readonly activityTitle?: string;
  readonly performedOn: string;
  /** Minutes really worked in the entry that went over. */
  readonly actualMinutes: Minutes;
  /** Weighted minutes that wait, or did. */
  readonly minutes: Minutes;
  readonly availableMinutes: Minutes;
  readonly leftMinutes: Minutes;
  /** Whether it can be charged now; an overdraft counts (R1). */
  readonly fits: boolean;
  readonly state: 'open' | 'refused' | 'charged' | 'absorbed' | 'reversed' | 'over';
  readonly decidedBy?: string;
  readonly decidedAt?: string;
}

const WORDS = {
  it: {
    title: 'Ore oltre la stima',
    question:
      'Il lavoro ha richiesto più tempo di quanto era stato approvato. Può far addebitare le ore in più sul pacchetto, oppure non accettarle: in quel caso resta al referente decidere.',
    worked: 'Tempo lavorato',
    on: 'Giorno',
    over: 'Oltre la stima, da addebitare',
    available: 'Ore disponibili ora',
    left: 'Ore che resterebbero',
    tooFew: 'Le ore disponibili non bastano: per addebitarle serve prima una ricarica del pacchetto.',
    charge: 'Addebitare sul pacchetto',
    refuse: 'Non accetto',
    reason: 'Motivo (facoltativo; resta nella storia del pacchetto)',
    explain: 'Nulla viene deciso finché non preme uno dei due pulsanti.',
    noReason: 'Deciso con il collegamento ricevuto per e-mail',
    decided: {
      refused: 'Non accettate: ora decide il referente.',
      charged: 'Addebitate sul pacchetto.',
      absorbed: 'Non addebitate: se le è assunte il referente.',
      reversed: 'La registrazione di queste ore è stata stornata: non c’è più nulla da decidere.',
      over: 'Il pacchetto è chiuso: non c’è più nulla da decidere.',
    },
    by: (who: string, when: string) => `Decisione di ${who}, ${when}.`,
  },
  en: {
    title: 'Hours beyond the estimate',
    question:
      'The work took longer than was approved. You can have the extra hours charged to the package, or not accept them: then the referent decides.',
    worked: 'Time worked',
    on: 'Day',
    over: 'Beyond the estimate, to charge',
    available: 'Hours available now',
    left: 'Hours that would be left',
    tooFew: 'There are not enough hours: the package needs a top-up before they can be charged.',
    charge: 'Charge to the package',
    refuse: 'I do not accept',
    reason: 'Reason (optional; it stays in the package’s history)',
    explain: 'Nothing is decided until you press one of the two buttons.',
    noReason: 'Decided with the link in the e-mail',
    decided: {
      refused: 'Not accepted: the referent decides now.',
      charged: 'Charged to the package.',
      absorbed: 'Not charged: the referent took them on.',
      reversed: 'The entry of these hours was reversed: there is nothing left to decide.',
      over: 'The package is closed: there is nothing left to decide.',
    },
    by: (who: string, when: string) => `Decided by ${who}, ${when}.`,
  },
} as const;

export const overrunPageTitle = (language: Language): string => WORDS[language].title;

/** The reason that is kept where the contact gave none. */
export const reasonByLink = (language: Language): string => WORDS[language].noReason;

export function overrunPage(view: OverrunView, language: Language): Html {
  const words = WORDS[language];
  return html`<p class="muted">${view.packageName}</p><h1>${view.activityTitle ?? words.title}</h1>
<div class="card"><dl>
<dt>${words.on}</dt><dd>${formatDate(view.performedOn, language)}</dd>
<dt>${words.worked}</dt><dd>${formatMinutes(view.actualMinutes)}</dd>
<dt>${words.over}</dt><dd><strong>${formatMinutes(view.minutes)}</strong></dd>
<dt>${words.available}</dt><dd>${formatMinutes(view.availableMinutes)}</dd>
${view.state === 'open' ? html`<dt>${words.left}</dt><dd class="${view.fits ? 'good' : 'bad'}">${formatMinutes(view.leftMinutes)}</dd>` : ''}
</dl></div>
${standing(view, language)}`;
}

function standing(view: OverrunView, language: Language): Html {
  const words = WORDS[language];
  if (view.state !== 'open') {
    const { decidedBy, decidedAt } = view;
    const who =
      decidedBy === undefined || decidedAt === undefined
        ? ''
        : html`<p class="muted">${words.by(decidedBy, formatInstant(decidedAt, language))}</p>`;
    return html`<div class="card" role="status"><p><strong>${words.decided[view.state]}</strong></p>${who}</div>`;
  }
  return html`${!view.fits ? html`<div class="card warn">${words.tooFew}</div>` : ''}
<form method="post" class="card"><p>${words.question}</p><p class="muted">${words.explain}</p>
<button class="yes" name="decision" value="charge">${words.charge}</button>
<label for="reason">${words.reason}</label><textarea id="reason" name="reason" rows="3" maxlength="1000"></textarea>
<button class="no" name="decision" value="refuse">${words.refuse}</button></form>`;
}
