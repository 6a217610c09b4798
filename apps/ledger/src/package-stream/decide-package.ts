import type { Refusal } from '@monteore/kernel';
import type { CommandEnvelope, CommandResult } from '@monteore/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { PackageState } from '../package/state.js';
import { type PackageDecider, PackageStreams } from './package-streams.js';

/** Any command on one package: who gives it under which id, and the pure decision it asks for. */
export class DecidePackage extends Command<CommandResult<PackageState> | Refusal> {
  constructor(
    readonly packageId: string,
    readonly envelope: CommandEnvelope & { readonly ifVersion?: number | undefined },
    readonly decider: PackageDecider,
  ) {
    super();
  }
}

@CommandHandler(DecidePackage)
export class DecidePackageHandler implements ICommandHandler<DecidePackage> {
  constructor(@Inject(PackageStreams) private readonly streams: PackageStreams) {}

  execute({ packageId, envelope, decider }: DecidePackage): Promise<CommandResult<PackageState> | Refusal> {
    return this.streams.decide(packageId, envelope, decider);
  }
}
