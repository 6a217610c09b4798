import { eventsTopicOf, type IntegrationEvent, ledgerEvents } from '@monteore/contracts';
import { derivedId, inputHashOf, isRefusal, SYSTEM_ACTOR } from '@monteore/kernel';
import type { Message, MessageHandler, MessageHandlers } from '@monteore/messaging';
import type { ServiceTransaction } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  hoursAvailable,
  hoursLacking,
  hoursReserved,
  reservationRefused,
} from '../answering-for-hours/decide.js';
import type { BoardState } from '../board/state.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { DecideBoard } from '../board-stream/decide-board.js';
import { beginClosing, closeBoard } from '../closing-a-board/decide.js';
import { notePolicy, openBoard, proposeAgreed } from '../opening-a-board/decide.js';
import { copyActivityReply, copyLedger, copyRequest } from './ledger-copy.js';

type Ledger<T extends keyof typeof ledgerEvents> = IntegrationEvent<'ledger', T>;

/** An append holds at most 1 MiB, so what touches every activity of a board goes in pieces. */
const ACTIVITIES_AT_ONCE = 25;

const INTAKE_TYPES = [
  'RequestReceived',
  'RequestTakenInCharge',
  'RequestLinked',
  'RequestSplit',
  'RequestDismissed',
  'RequestAssigned',
  'ReplyReceived',
];

/** What the ledger's events mean for boards. Each is a command whose id derives from the message: a repeat is one. */
@Injectable()
export class Reactions {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  handlers(): MessageHandlers<ServiceTransaction> {
    const reacting: Readonly<Record<string, (message: Message) => Promise<unknown>>> = {
      PackageOpened: (message) => this.open(message, dataOf<'PackageOpened'>(message)),
      PolicyChanged: (message) => {
        const { packageId, policy } = dataOf<'PolicyChanged'>(message);
        return this.give(message, packageId, (state, context) => notePolicy(state, context, policy));
      },
      HoursAvailable: (message) => {
        const answer = dataOf<'HoursAvailable'>(message);
        return this.give(message, answer.packageId, (state, context) =>
          hoursAvailable(state, context, answer),
        );
      },
      HoursLacking: (message) => {
        const answer = dataOf<'HoursLacking'>(message);
        return this.give(message, answer.packageId, (state, context) => hoursLacking(state, context, answer));
      },
      HoursReserved: (message) => {
        const answer = dataOf<'HoursReserved'>(message);
        return this.give(message, answer.packageId, (state, context) =>
          hoursReserved(state, context, answer),
        );
      },
      ReservationRefused: (message) => {
        const answer = dataOf<'ReservationRefused'>(message);
        return this.give(message, answer.packageId, (state, context) =>
          reservationRefused(state, context, answer),
        );
      },
      PackageClosing: (message) =>
        this.give(message, dataOf<'PackageClosing'>(message).packageId, beginClosing),
      PackageClosed: (message) => this.close(message, dataOf<'PackageClosed'>(message).packageId),
    };
    const types = [...new Set([...Object.keys(ledgerEvents), ...Object.keys(reacting)])];
    return {
      [eventsTopicOf('ledger')]: Object.fromEntries(
        types.map((type): [string, MessageHandler<ServiceTransaction>] => [
          type,
          {
            projectAll: copyLedger,
            ...(reacting[type] === undefined ? {} : { react: ignoringAnswer(reacting[type]) }),
          },
        ]),
      ),
      [eventsTopicOf('intake')]: {
        ...Object.fromEntries(INTAKE_TYPES.map((type) => [type, { project: copyRequest }])),
        ActivityReplyReceived: { project: copyActivityReply },
      },
    };
  }

  private async open(message: Message, opened: Ledger<'PackageOpened'>): Promise<void> {
    const { packageId, clientId, policy, agreedActivities } = opened;
    await this.give(message, packageId, (state, context) =>
      openBoard(state, context, { packageId, clientId, policy }),
    );
    for (let from = 0; from < agreedActivities.length; from += ACTIVITIES_AT_ONCE) {
      const some = agreedActivities.slice(from, from + ACTIVITIES_AT_ONCE);
      await this.give(
        message,
        packageId,
        (state, context) => proposeAgreed(state, context, some),
        `agreed-${from}`,
      );
    }
  }

  private async close(message: Message, packageId: string): Promise<void> {
    for (let piece = 0; ; piece += 1) {
      const state = await this.give(
        message,
        packageId,
        (current, context) => closeBoard(current, context, ACTIVITIES_AT_ONCE),
        `close-${piece}`,
      );
      if (state.status === 'closed') return;
    }
  }

  private async give(
    message: Message,
    packageId: string,
    decider: BoardDecider,
    step = '',
  ): Promise<BoardState> {
    const envelope = {
      commandId: derivedId('reaction', message.id, step),
      inputHash: inputHashOf(message.data),
      actor: SYSTEM_ACTOR,
      correlationId: message.correlationId,
      causationId: message.id,
      ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
    };
    const result = await this.commands.execute(new DecideBoard(packageId, envelope, decider));
    if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
    return result.state;
  }
}

const ignoringAnswer = (work: (message: Message) => Promise<unknown>) => async (message: Message) => {
  await work(message);
};

const dataOf = <T extends keyof typeof ledgerEvents>(message: Message): Ledger<T> =>
  message.data as unknown as Ledger<T>;
