import type { Language } from '@monteore/kernel';
import { eventually, html, Public, type ServiceCore, sendPage } from '@monteore/service';
import { Controller, Get, Headers, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BoardExports } from '../exporting-boards/board-exports.js';
import { BoardDesk } from '../reading-boards/board-desk.js';
import { CORE } from '../tokens.js';
import { boardPage } from './board-page.js';
import { languageAsked, WORDS } from './words.js';

type Opened =
  | { readonly packageId: string; readonly language: Language }
  | { readonly refusal: 'expired' | 'notValid' };

/**
 * R11: the personal read-only page of a board, until one signs in. The link proves who reads; what the reader may see
 * is asked as of now. A link that opens nothing says what to do, and not whether there is anything.
 */
@Controller('v1/board-links/:token')
@Public()
export class BoardLinksController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardExports) private readonly exports: BoardExports,
  ) {}

  @Get()
  async page(
    @Param('token') token: string,
    @Headers('accept-language') acceptLanguage: string | undefined,
    @Res() reply: FastifyReply,
  ) {
    const opened = await this.open(token);
    if ('refusal' in opened) return refusalPage(reply, opened.refusal, languageAsked(acceptLanguage));
    const board = await this.desk.view(opened.packageId);
    sendPage(reply, 200, boardPage(board, opened.language, `${encodeURIComponent(token)}/export.xlsx`));
  }

  @Get('export.xlsx')
  async export(
    @Param('token') token: string,
    @Headers('accept-language') acceptLanguage: string | undefined,
    @Res() reply: FastifyReply,
  ) {
    const opened = await this.open(token);
    if ('refusal' in opened) return refusalPage(reply, opened.refusal, languageAsked(acceptLanguage));
    await this.exports.send(reply, opened.packageId, () => Promise.resolve(opened.language));
  }

  /** Waits a moment for a package that has just been opened: its mail may be faster than its events. */
  private async open(token: string): Promise<Opened> {
    const link = await this.core.links.verify('board', token);
    if (link === 'expired') return { refusal: 'expired' };
    if (link === null) return { refusal: 'notValid' };
    const { packageId, contactId } = link;
    const seen = await eventually(async () => {
      const roles = await this.core.access.rolesOn(packageId, contactId);
      return roles.length > 0 ? roles : null;
    });
    if (seen === null) return { refusal: 'notValid' };
    return { packageId, language: (await this.desk.languageOfContact(contactId)) ?? 'it' };
  }
}

function refusalPage(reply: FastifyReply, refusal: 'expired' | 'notValid', language: Language): void {
  const words = WORDS[language];
  const [status, title, text] =
    refusal === 'expired'
      ? ([410, words.expiredTitle, words.expired] as const)
      : ([404, words.notValidTitle, words.notValid] as const);
  sendPage(reply, status, {
    language,
    title,
    body: html`<div class="card"><h1>${title}</h1><p>${text}</p></div>`,
  });
}
