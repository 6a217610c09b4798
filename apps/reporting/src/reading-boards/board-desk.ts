import type { Language } from '@monteore/kernel';
import { eventually, isContact, notFound, type Principal, type ServiceCore } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { peopleOf } from '../board/rows.js';
import { type BoardView, boardView } from '../board/view.js';
import { CORE } from '../tokens.js';
import { Boards } from './boards.js';

/** What the routes on one board share: who may see it, in which language, and the board with its names. */
@Injectable()
export class BoardDesk {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
  ) {}

  /**
   * Waits for a package that was opened a moment ago. Unknown and foreign ids take the same path and the same time.
   * Throws 404.
   */
  async see(principal: Principal, packageId: string): Promise<void> {
    const rights = await eventually(() => this.core.access.rightsOn(principal, packageId));
    if (rights === null) throw notFound('reporting', 'board');
  }

  /** The board with the names of people. Throws 404 when there is none. */
  async view(packageId: string): Promise<BoardView> {
    const rows = await this.boards.load(packageId);
    if (rows === null) throw notFound('reporting', 'board');
    return boardView(rows, await this.core.people.labels(peopleOf(rows)));
  }

  /** The reader's language: a contact's own, for everybody else the client's. Italian where neither is known. */
  async languageFor(principal: Principal, clientId: string): Promise<Language> {
    const own = isContact(principal) ? await this.languageOfContact(principal.subject) : null;
    return own ?? this.languageOfClient(clientId);
  }

  async languageOfContact(contactId: string): Promise<Language | null> {
    const rows = await this.core.database.query<{ language: Language }>(
      'SELECT language FROM contacts WHERE contact_id = $1',
      [contactId],
    );
    return rows[0]?.language ?? null;
  }

  async languageOfClient(clientId: string): Promise<Language> {
    const rows = await this.core.database.query<{ language: Language }>(
      'SELECT language FROM clients WHERE client_id = $1',
      [clientId],
    );
    return rows[0]?.language ?? 'it';
  }
}
