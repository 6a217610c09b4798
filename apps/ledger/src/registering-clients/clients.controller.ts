import { zAddContact, zChangeContact, zId, zRegisterClient } from '@monteore/contracts';
import { derivedId, type Language, normalizeEmail, RefusalError, refuse } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  CONTACTS,
  decodeCursor,
  envelopeOf,
  etagOf,
  isContact,
  notFound,
  type Principal,
  pageOf,
  REFERENTS,
  type ServiceCore,
  TEAM,
  tellPosition,
  zListQuery,
} from '@monteore/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type z, z as zod } from 'zod';
import { type ClientEvent, type ClientState, changeContact } from '../client/client.js';
import { CORE } from '../tokens.js';
import { ClientStreams } from './client-streams.js';

type ContactInput = z.output<typeof zAddContact>;

/**
 * Clients and their contacts. Names and addresses go to the people table, once the command stands; events hold ids and
 * roles. A crash between the two is mended by giving the call again.
 */
@Controller('v1/clients')
export class ClientsController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(ClientStreams) private readonly clients: ClientStreams,
  ) {}

  @Post()
  @Allow('ledger:write', ...REFERENTS)
  async register(
    @Body({ schema: zRegisterClient }) body: z.output<typeof zRegisterClient>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const clientId = derivedId('client', caller.commandId);
    this.refuseTwice(body.contacts);
    const contacts = body.contacts.map((contact) => ({
      ...contact,
      contactId: this.core.people.contactId(clientId, contact.email),
      language: contact.language ?? body.language,
    }));
    const input = {
      clientId,
      language: body.language,
      contacts: contacts.map((contact) => this.inputOf(contact)),
      name: this.core.people.fingerprint(body.name),
    };
    const result = await this.clients.decideOrThrow(clientId, envelopeOf(caller, input), (state) => [
      { type: 'ClientRegistered', data: { clientId, language: body.language } },
      ...contacts.flatMap(({ contactId, roles, language }): ClientEvent[] =>
        changeContact(state, clientId, { contactId, roles, language, active: true }),
      ),
    ]);
    await this.core.people.remember({
      personId: clientId,
      kind: 'client',
      clientId,
      name: body.name,
      language: body.language,
    });
    for (const contact of contacts) await this.rememberContact(clientId, contact);
    tellPosition(reply, this.core.freshnessOf(result.events));
    return { clientId, contacts: contacts.map(({ contactId, email }) => ({ contactId, email })) };
  }

  @Get()
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async list(
    @Query({ schema: zListQuery }) query: z.output<typeof zListQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    const after = decodeCursor(zod.string(), query.cursor) ?? '';
    const rows = await this.core.database.query<{ client_id: string }>(
      `SELECT client_id FROM client_list WHERE client_id > $1 AND ($2::text IS NULL OR client_id = $2)
       ORDER BY client_id LIMIT $3`,
      [after, isContact(principal) ? (principal.clientId ?? '') : null, query.limit + 1],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.client_id,
      (row) => row.client_id,
    );
    const items = await Promise.all(page.items.map((clientId) => this.view(clientId)));
    return { items, nextCursor: page.nextCursor };
  }

  @Get(':clientId')
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async show(
    @Param('clientId', { schema: zId }) clientId: string,
    @CallerOf() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { version } = await this.requireClient(principal, clientId);
    reply.header('etag', etagOf(version));
    return this.view(clientId);
  }

  @Post(':clientId/contacts')
  @Allow('ledger:write', ...REFERENTS)
  async addContact(
    @Param('clientId', { schema: zId }) clientId: string,
    @Body({ schema: zAddContact }) body: ContactInput,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { client } = await this.requireClient(caller.principal, clientId);
    const contactId = this.core.people.contactId(clientId, body.email);
    const language = body.language ?? client.language;
    const wanted = { contactId, roles: body.roles, language, active: true };
    const input = this.inputOf({ ...body, contactId, language });
    const result = await this.clients.decideOrThrow(
      clientId,
      { ...envelopeOf(caller, input), ifVersion: caller.ifVersion },
      (state) => changeContact(state, clientId, wanted),
    );
    await this.rememberContact(clientId, { ...body, contactId, language });
    tellPosition(reply, this.core.freshnessOf(result.events));
    return { contactId };
  }

  @Patch(':clientId/contacts/:contactId')
  @Allow('ledger:write', ...REFERENTS)
  async changeContact(
    @Param('clientId', { schema: zId }) clientId: string,
    @Param('contactId', { schema: zId }) contactId: string,
    @Body({ schema: zChangeContact }) body: z.output<typeof zChangeContact>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { client } = await this.requireClient(caller.principal, clientId);
    if (!client.contacts.has(contactId)) throw notFound('ledger', 'contact');
    const { name: newName, ...changes } = body;
    const input = {
      contactId,
      ...changes,
      ...(newName === undefined ? {} : { name: this.core.people.fingerprint(newName) }),
    };
    const result = await this.clients.decideOrThrow(
      clientId,
      { ...envelopeOf(caller, input), ifVersion: caller.ifVersion },
      (state) => {
        const contact = state.contacts.get(contactId)!;
        const { roles = contact.roles, active = contact.active, language = contact.language } = body;
        return changeContact(state, clientId, { contactId, roles, active, language });
      },
    );
    if (body.name !== undefined || body.language !== undefined) {
      const { name, language } = body;
      const known = (await this.core.people.find([contactId])).get(contactId);
      await this.core.people.remember({
        personId: contactId,
        kind: 'contact',
        clientId,
        ...(known?.email === undefined ? {} : { email: known.email }),
        ...(name === undefined ? {} : { name }),
        ...(language === undefined ? {} : { language }),
      });
    }
    tellPosition(reply, this.core.freshnessOf(result.events));
    const view = await this.view(clientId);
    return view.contacts.find((contact) => contact.contactId === contactId);
  }

  /**
   * A person asks to be forgotten: no role is left, and name and address are erased here and at every other service.
   * What the contact decided stays, under an id that names nobody (architecture.md, Personal data).
   */
  @Post(':clientId/contacts/:contactId/erasure')
  @HttpCode(200)
  @Allow('ledger:people', 'administrator')
  async eraseContact(
    @Param('clientId', { schema: zId }) clientId: string,
    @Param('contactId', { schema: zId }) contactId: string,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { client } = await this.requireClient(caller.principal, clientId);
    if (!client.contacts.has(contactId)) throw notFound('ledger', 'contact');
    const result = await this.clients.decideOrThrow(
      clientId,
      { ...envelopeOf(caller, { contactId }), ifVersion: caller.ifVersion },
      (state) => {
        const { language } = state.contacts.get(contactId)!;
        return changeContact(state, clientId, { contactId, roles: [], active: false, language });
      },
    );
    await this.core.people.erase(contactId);
    tellPosition(reply, this.core.freshnessOf(result.events));
    return { contactId, erased: true };
  }

  /** What makes a repeated call the same one, without a name in it. */
  private inputOf(contact: ContactInput & { contactId: string; language: Language }) {
    const { contactId, name, roles, language } = contact;
    return { contactId, name: this.core.people.fingerprint(name), roles, language };
  }

  private async rememberContact(
    clientId: string,
    contact: ContactInput & { contactId: string; language: Language },
  ): Promise<void> {
    const { contactId, name, email, language } = contact;
    await this.core.people.remember({
      personId: contactId,
      kind: 'contact',
      clientId,
      name,
      email,
      language,
    });
  }

  private refuseTwice(contacts: readonly ContactInput[]): void {
    const seen = new Set<string>();
    contacts.forEach(({ email }, index) => {
      const normal = normalizeEmail(email);
      if (seen.has(normal)) {
        throw new RefusalError(
          refuse(
            400,
            'service.invalid-input',
            'The input is not valid',
            `/contacts/${index}/email: named twice`,
            {
              errors: [{ pointer: `/contacts/${index}/email`, detail: 'the same address is named twice' }],
            },
          ),
        );
      }
      seen.add(normal);
    });
  }

  private async requireClient(
    principal: Principal,
    clientId: string,
  ): Promise<{ client: ClientState; version: number }> {
    const isForeign = isContact(principal) && principal.clientId !== clientId;
    const loaded = await this.clients.load(clientId);
    if (loaded === null || isForeign) throw notFound('ledger', 'client');
    return loaded;
  }

  private async view(clientId: string) {
    const loaded = await this.clients.load(clientId);
    const contacts = [...(loaded?.client.contacts.values() ?? [])];
    const people = await this.core.people.find([clientId, ...contacts.map((contact) => contact.contactId)]);
    return {
      clientId,
      name: people.get(clientId)?.name ?? '',
      language: loaded?.client.language ?? 'it',
      contacts: contacts.map(({ contactId, roles, active, language }) => ({
        contactId,
        name: people.get(contactId)?.name ?? '',
        email: people.get(contactId)?.email ?? '',
        roles,
        language,
        active,
      })),
    };
  }
}
