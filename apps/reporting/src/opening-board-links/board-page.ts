import { formatDate, formatInstant } from '@monteore/calendar';
import { formatMinutes, type Language, type Minutes } from '@monteore/kernel';
import { type Html, html, type PageOptions } from '@monteore/service';
import { APPROVAL, FIRMNESS, KIND, LOT_STATE, PACKAGE_STATUS, WORK_STATUS } from '@monteore/workbook';
import type { ActivityView, BoardView } from '../board/view.js';
import { LOT_ORIGIN } from '../exporting-boards/lot-origin.js';
import { timeOr, WORDS, type Words } from './words.js';

const STYLE = `
:root{--charged:#5b6474;--held:#b26a00;--open:#1c7a45;--pending:#1d5fd1}
@media(prefers-color-scheme:dark){:root{--charged:#9aa4b5;--held:#f0b45c;--open:#7fd6a4;--pending:#8ab4ff}}
header{margin-bottom:1rem}header p{margin:.25rem 0}.card h2{margin-top:0}
.bar{display:flex;gap:2px;height:1.75rem;border-radius:.5rem;overflow:hidden;background:var(--line);margin:.25rem 0 1rem}
.bar span{min-width:0}.charged{background:var(--charged)}.held{background:var(--held)}.available{background:var(--open)}
.pending{background:repeating-linear-gradient(45deg,var(--pending) 0 4px,var(--paper) 4px 9px)}
.legend{list-style:none;padding:0;margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem 1rem}
.legend li{display:grid;grid-template-columns:1rem 1fr;column-gap:.5rem;align-items:center}
.legend i{width:1rem;height:1rem;border-radius:.2rem;border:1px solid var(--line)}
.legend b{font-variant-numeric:tabular-nums;grid-column:2}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem}.grid .card{margin:0}
h3{font-size:1rem;margin:0 0 .5rem;overflow-wrap:anywhere}.tags{display:flex;flex-wrap:wrap;gap:.4rem;margin:0 0 .75rem}.tags:empty{display:none}
ul.plain{list-style:none;padding:0;margin:0}ul.plain li+li{border-top:1px solid var(--line);margin-top:.5rem;padding-top:.5rem}
.card dl{grid-template-columns:minmax(7.5rem,auto) 1fr}
`;

/**
 * The personal page behind a link (R10, R11): for reading, without a script. Every number is one of the board's; the
 * parts of the bar are as wide as their minutes.
 * @param downloadHref where the spreadsheet is, relative to the page
 */
export function boardPage(board: BoardView, language: Language, downloadHref: string): PageOptions {
  const words = WORDS[language];
  return {
    language,
    title: board.name,
    wide: true,
    style: STYLE,
    body: html`
      ${heading(board, language, words)}
      ${balancesCard(board, words)}
      ${lotsCard(board, language, words)}
      <h2>${words.activities}</h2>
      ${board.activities.length === 0 ? html`<p class="muted">${words.noActivities}</p>` : ''}
      <div class="grid">${board.activities.map((activity) => activityCard(activity, language, words))}</div>
      ${waitingSection(board, language, words)}
      ${preparationSection(board, language, words)}
      ${overrunsSection(board, language, words)}
      <p><a href="${downloadHref}">${words.download}</a></p>
      <p class="muted">${words.readOnlyNote}</p>`,
  };
}

function heading(board: BoardView, language: Language, words: Words): Html {
  const closedOn = board.closedOn === undefined ? undefined : formatDate(board.closedOn, language);
  return html`<header><h1>${board.name}</h1>
    <p><span class="tag">${PACKAGE_STATUS[board.status][language]}</span></p>
    <p class="muted">${words.referent}: ${board.referent}</p>
    <p class="muted">${words.opened}: ${formatDate(board.openedOn, language)}</p>
    ${board.endsOn !== undefined && html`<p class="muted">${words.ends}: ${formatDate(board.endsOn, language)}</p>`}
    ${board.closesAt !== undefined && html`<p class="warn">${words.closesSoon(formatInstant(board.closesAt, language))}</p>`}
    ${closedOn !== undefined && html`<p>${words.closedNote(closedOn)}</p>`}</header>`;
}

/** R1: the four balances as one bar. Pending stands beside it: it is not subtracted. */
function balancesCard({ balances }: BoardView, words: Words): Html {
  const parts = [
    ['charged', words.charged, balances.chargedMinutes],
    ['held', words.held, balances.heldMinutes],
    ['available', words.available, balances.availableMinutes],
    ['pending', words.pending, balances.pendingMinutes],
  ] as const;
  const spoken = parts.map(([, label, minutes]) => `${label}: ${formatMinutes(minutes)}`).join('; ');
  return html`<section class="card"><h2>${words.balances}</h2>
    <div class="bar" role="img" aria-label="${spoken}">${parts.map(([name, , minutes]) => barPart(name, minutes))}</div>
    <ul class="legend">
      <li><i></i><span>${words.granted}</span><b>${formatMinutes(balances.grantedMinutes)}</b></li>
      ${parts.map(
        ([name, label, minutes]) =>
          html`<li><i class="${name}"></i><span>${label}</span><b>${formatMinutes(minutes)}</b></li>`,
      )}
    </ul>
    ${balances.pendingMinutes > 0 && html`<p class="muted">${words.pendingNote}</p>`}</section>`;
}

/** An overdraft has no width; its number says it. */
const barPart = (name: string, minutes: Minutes): Html | false =>
  minutes > 0 && html`<span class="${name}" style="flex:${minutes} 1 0"></span>`;

function lotsCard(board: BoardView, language: Language, words: Words): Html | false {
  if (board.lots.length === 0) return false;
  return html`<section class="card"><h2>${words.lots}</h2><ul class="plain">${board.lots.map(
    (lot) => html`<li>${words.lotOf(formatMinutes(lot.minutes), LOT_ORIGIN[lot.origin][language])}<br>
      <span class="muted">${words.left(formatMinutes(lot.remainingMinutes))} · ${
        lot.state === 'expired'
          ? LOT_STATE.expired[language]
          : lot.expiresOn === undefined
            ? words.noExpiry
            : words.expires(formatDate(lot.expiresOn, language))
      }</span></li>`,
  )}</ul></section>`;
}

function activityCard(activity: ActivityView, language: Language, words: Words): Html {
  const { estimate, due } = activity;
  const row = (label: string, value: string | Html) => html`<dt>${label}</dt><dd>${value}</dd>`;
  return html`<article class="card"><h3>${activity.displayTitle}</h3>
    <p class="tags">${activity.urgent && html`<span class="tag warn">${words.urgent}</span>`}
      ${activity.unfinished && html`<span class="tag warn">${words.unfinished}</span>`}</p>
    <dl>${row(words.kind, KIND[activity.kind][language])}
      ${row(words.inCharge, activity.assignee ?? words.none)}
      ${row(words.work, WORK_STATUS[activity.workStatus][language])}
      ${row(words.approval, html`<span class="${toneOf(activity.approval)}">${APPROVAL[activity.approval][language]}</span>`)}
      ${row(words.estimated, estimatedTime(activity, words))}
      ${row(words.actual, formatMinutes(activity.actualMinutes))}
      ${row(words.chargedTime, formatMinutes(activity.chargedMinutes))}
      ${row(
        words.due,
        due === undefined
          ? words.none
          : `${formatDate(due.date, language)} (${FIRMNESS[due.firmness][language].toLowerCase()})`,
      )}
      ${estimate !== undefined && activity.heldMinutes > 0 && row(words.held, formatMinutes(activity.heldMinutes))}
    </dl></article>`;
}

/** R2: the actual minutes, and what they cost where that is another number. */
function estimatedTime({ estimate }: ActivityView, words: Words): string {
  const time = timeOr(estimate?.minutes, words.none);
  if (estimate === undefined || estimate.multiplier === 1) return time;
  return `${time} · ${words.weighted(formatMinutes(estimate.weightedMinutes), estimate.multiplier)}`;
}

const toneOf = (approval: ActivityView['approval']): string =>
  ({ waiting: 'warn', approved: 'good', automatic: 'good', 'not-approved': 'bad' })[approval];

function waitingSection(board: BoardView, language: Language, words: Words): Html | false {
  if (board.waitingForHours.length === 0) return false;
  return html`<h2>${words.waiting}</h2><p class="muted">${words.waitingNote}</p>
    <section class="card"><ul class="plain">${board.waitingForHours.map(
      (activity) =>
        html`<li><b>${activity.displayTitle}</b><br><span class="muted">${KIND[activity.kind][language]}${
          activity.estimate !== undefined &&
          activity.missingMinutes !== undefined &&
          ` · ${words.missing(formatMinutes(activity.estimate.weightedMinutes), formatMinutes(activity.missingMinutes))}`
        }</span></li>`,
    )}</ul></section>`;
}

function preparationSection(board: BoardView, language: Language, words: Words): Html | false {
  if (board.inPreparation.length === 0) return false;
  return html`<h2>${words.inPreparation}</h2><p class="muted">${words.inPreparationNote}</p>
    <section class="card"><ul class="plain">${board.inPreparation.map(
      ({ displayTitle, kind }) =>
        html`<li><b>${displayTitle}</b><br><span class="muted">${KIND[kind][language]}</span></li>`,
    )}</ul></section>`;
}

function overrunsSection(board: BoardView, language: Language, words: Words): Html | false {
  if (board.overruns.length === 0) return false;
  return html`<h2>${words.overruns}</h2><p class="muted">${words.overrunNote}</p>
    <section class="card"><ul class="plain">${board.overruns.map(
      (overrun) => html`<li><b>${overrun.displayTitle}</b><br>${formatMinutes(overrun.minutes)} ·
        ${words.overrunState[overrun.state]}<br><span class="muted">${formatDate(overrun.occurredOn, language)}</span></li>`,
    )}</ul></section>`;
}
