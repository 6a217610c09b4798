import type { StoredEvent } from '@monteore/event-store';
import { isRefusal, RefusalError } from '@monteore/kernel';
import {
  type Caller,
  type CommandResult,
  envelopeOf,
  eventually,
  isContact,
  notFound,
  type PackageRights,
  type Principal,
  type ServiceCore,
  tellPosition,
} from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { PackageEventType, PackageFacts } from '../package/events.js';
import type { PackageState } from '../package/state.js';
import { CORE } from '../tokens.js';
import { DecidePackage } from './decide-package.js';
import { type PackageDecider, PackageStreams, packageEventOf, streamOfPackage } from './package-streams.js';

/** What the routes on one package share: who may see it, giving the command, telling the answer's position. */
@Injectable()
export class PackageDesk {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageStreams) private readonly streams: PackageStreams,
    @Inject(CommandBus) private readonly commands: CommandBus,
  ) {}

  /** The package, when the caller may know of it. Unknown and foreign ids take the same path and the same time. */
  async see(principal: Principal, packageId: string) {
    const rights = isContact(principal) ? await this.rightsOf(principal, packageId) : 'team';
    const loaded = rights === null ? null : await this.streams.load(packageId);
    if (loaded === null || rights === null) throw notFound('ledger', 'package');
    return { ...loaded, roles: rights === 'team' ? [] : rights.roles };
  }

  /** The copy of rights may lag behind the stream: what was opened for the contact's own client is waited for. */
  private async rightsOf(principal: Principal, packageId: string): Promise<PackageRights | null> {
    const ask = () => this.core.access.rightsOn(principal, packageId);
    const rights = await ask();
    if (rights !== null) return rights;
    const [opening] = await this.core.store.read(streamOfPackage(packageId), { limit: 1 });
    if (opening === undefined || opening.data.clientId !== principal.clientId) return null;
    const isKnown = (await this.core.access.packageOf(packageId)) !== null;
    return isKnown ? null : eventually(ask);
  }

  /** Gives a command; throws its refusal; tells the position of what it made. */
  async command(
    packageId: string,
    caller: Caller,
    input: unknown,
    reply: FastifyReply,
    decider: PackageDecider,
    onBehalfOf?: string,
  ): Promise<CommandResult<PackageState>> {
    const envelope = { ...envelopeOf(caller, input, onBehalfOf), ifVersion: caller.ifVersion };
    const result = await this.commands.execute(new DecidePackage(packageId, envelope, decider));
    if (isRefusal(result)) throw new RefusalError(result);
    tellPosition(reply, this.core.freshnessOf(result.events));
    return result;
  }
}

/** The facts of a command's first event of a type; answers are made from events, so that a repeat gives the same. */
export function factsOf<T extends PackageEventType>(
  events: readonly StoredEvent[],
  type: T,
): PackageFacts[T] | undefined {
  const event = events.find((candidate) => candidate.type === type);
  return event === undefined
    ? undefined
    : (packageEventOf(event) as unknown as { data: PackageFacts[T] }).data;
}
