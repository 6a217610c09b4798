import {
  derivedId,
  inputHashOf,
  isRefusal,
  type Refusal,
  RefusalError,
  randomId,
  SYSTEM_ACTOR,
} from '@monteore/kernel';
import type { CommandEnvelope } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import type { PackageFacts } from '../package/events.js';
import { PackageStreams } from '../package-stream/package-streams.js';
import { expectTransfer, receiveTransfer, withdrawTransfer } from './decide.js';

/**
 * R14, rollover between two streams without a common commit: the receiver expects, the first closes with the transfer
 * out, the receiver records the lots. Each step looks at the transfer's id in the receiver's state, so repeating it
 * after a crash moves nothing more; expecting and withdrawing may alternate under one id, when a closing is tried again.
 */
@Injectable()
export class Rollover {
  constructor(@Inject(PackageStreams) private readonly streams: PackageStreams) {}

  async expect(
    transferId: string,
    from: { packageId: string; clientId: string },
    toPackageId: string,
    envelope: CommandEnvelope,
  ): Promise<void> {
    const command = { transferId, fromPackageId: from.packageId, clientId: from.clientId };
    const result = await this.streams.decide(
      toPackageId,
      { ...envelope, commandId: randomId(), inputHash: inputHashOf(command) },
      (state, context) => expectTransfer(state, context, command),
    );
    if (isRefusal(result)) throw new RefusalError(result.status === 404 ? unknownTarget() : result);
  }

  /** After the first package did not close: the receiver need not wait. */
  async withdraw(transferId: string, toPackageId: string): Promise<void> {
    await this.streams.decideOrThrow(toPackageId, this.envelope(randomId(), transferId), (state, context) =>
      withdrawTransfer(state, context, transferId),
    );
  }

  /** The lots arrive. Repeating it moves nothing more. */
  async receive(fromPackageId: string, transfer: PackageFacts['HoursTransferred']): Promise<void> {
    const { transferId, toPackageId, transferred } = transfer;
    const lots = transferred.map(({ minutes, expiresOn }) => ({
      minutes,
      ...(expiresOn === undefined ? {} : { expiresOn }),
    }));
    await this.streams.decideOrThrow(
      toPackageId,
      this.envelope(derivedId('receive-transfer', transferId), transferId),
      (state, context) => receiveTransfer(state, context, { transferId, fromPackageId, lots }),
    );
  }

  /** An expectation that is old: whether the first package closed with this transfer decides what becomes of it. */
  async settle(transferId: string, fromPackageId: string, toPackageId: string): Promise<void> {
    const from = await this.streams.load(fromPackageId);
    if (from?.package.transferOutId !== transferId) await this.withdraw(transferId, toPackageId);
  }

  private envelope(commandId: string, transferId: string): CommandEnvelope {
    return {
      commandId,
      inputHash: inputHashOf(transferId),
      actor: SYSTEM_ACTOR,
      correlationId: transferId,
    };
  }
}

const unknownTarget = (): Refusal => ({
  refused: true,
  status: 422,
  code: 'ledger.rollover-target',
  title: 'The hours cannot go there',
  detail: 'A rollover goes to another open package of the same client.',
  errors: [{ pointer: '/rolloverPackageId', detail: 'not another open package of this client' }],
});
