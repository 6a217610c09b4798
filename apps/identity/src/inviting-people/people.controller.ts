import { zChangeRole, zId, zInvitePerson } from '@monteore/contracts';
import {
  Allow,
  type Caller,
  CallerOf,
  decodeCursor,
  envelopeOf,
  etagOf,
  notFound,
  pageOf,
  type ServiceCore,
  TEAM,
  tellPosition,
  zListQuery,
} from '@monteore/service';
import { Body, Controller, Get, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { changeRole, invitePerson } from '../person/person.js';
import { CORE } from '../tokens.js';
import { PersonStreams } from './person-streams.js';

/** R17: people of the team and their roles. Names and addresses go to the people table; events hold ids and roles. */
@Controller('v1/people')
export class PeopleController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PersonStreams) private readonly streams: PersonStreams,
  ) {}

  @Post()
  @Allow('identity:write', 'administrator')
  async invite(
    @Body({ schema: zInvitePerson }) body: z.output<typeof zInvitePerson>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const personId = this.core.people.teamId(body.email);
    const { role, name, email } = body;
    const result = await this.streams.decideOrThrow(
      personId,
      envelopeOf(caller, { personId, role, name }),
      (state) => invitePerson(state, { personId, role }),
    );
    await this.core.people.remember({
      personId,
      kind: 'team',
      email,
      ...(name === undefined ? {} : { name }),
    });
    tellPosition(reply, this.core.freshnessOf(result.events));
    return { personId };
  }

  @Get()
  @Allow('identity:read', ...TEAM)
  async list(@Query({ schema: zListQuery }) query: z.output<typeof zListQuery>) {
    const after = decodeCursor(z.string(), query.cursor) ?? '';
    const rows = await this.core.database.query<{ person_id: string }>(
      'SELECT person_id FROM team_list WHERE person_id > $1 ORDER BY person_id LIMIT $2',
      [after, query.limit + 1],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.person_id,
      (row) => row.person_id,
    );
    const items = await Promise.all(page.items.map(async (personId) => (await this.view(personId)).person));
    return { items, nextCursor: page.nextCursor };
  }

  @Get(':personId')
  @Allow('identity:read', ...TEAM)
  async show(
    @Param('personId', { schema: zId }) personId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { person, version } = await this.view(personId);
    reply.header('etag', etagOf(version));
    return person;
  }

  @Patch(':personId')
  @Allow('identity:write', 'administrator')
  async changeRole(
    @Param('personId', { schema: zId }) personId: string,
    @Body({ schema: zChangeRole }) body: z.output<typeof zChangeRole>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const result = await this.streams.decideOrThrow(
      personId,
      { ...envelopeOf(caller, { personId, ...body }), ifVersion: caller.ifVersion },
      (state) => changeRole(state, body.role),
    );
    tellPosition(reply, this.core.freshnessOf(result.events));
    const { person, version } = await this.view(personId);
    reply.header('etag', etagOf(version));
    return person;
  }

  private async view(personId: string) {
    const loaded = await this.streams.load(personId);
    if (loaded === null) throw notFound('identity', 'person');
    const known = (await this.core.people.find([personId])).get(personId);
    const person = {
      personId,
      name: known?.name ?? '',
      email: known?.email ?? '',
      role: loaded.person.role,
    };
    return { person, version: loaded.version };
  }
}
