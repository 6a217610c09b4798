import { html, type PageOptions } from './page.js';

/** Whose language is not known gets both; nothing is said of what the link once opened. */
export function closedLinkPage(status: number): PageOptions {
  const isAway = status >= 500;
  const body = isAway
    ? html`<h1>Un momento, per favore · One moment, please</h1><div class="card"><p>Il sistema non risponde: riprovi tra qualche minuto. Nulla è andato perso.</p><p lang="en">The system does not answer: try again in a few minutes. Nothing was lost.</p></div>`
    : html`<h1>Questo collegamento non apre nulla · This link opens nothing</h1><div class="card"><p>Non è valido, è scaduto o non è più suo. Chieda un nuovo collegamento al referente del suo pacchetto.</p><p lang="en">It is not valid, has expired, or is no longer yours. Ask the referent of your package for a new one.</p></div>`;
  return { language: 'it', title: 'Monteore', body };
}
