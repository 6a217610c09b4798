import type { ServiceCore } from '@monteore/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { DismissalController } from './dismissing-a-request/dismissal.controller.js';
import type { IntakeOptions } from './options.js';
import { LinkKeysController } from './publishing-keys/link-keys.controller.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { MailAcceptance } from './receiving-mail/accept-mail.js';
import { InboundMailController } from './receiving-mail/inbound-mail.controller.js';
import { Mailboxes } from './receiving-mail/mailboxes.js';
import { RequestDesk } from './request/request-desk.js';
import { IntakeStreams } from './request/streams.js';
import { RepliesController } from './seeing-replies/replies.controller.js';
import { SendRequestController } from './sending-a-request/send-request.controller.js';
import { RequestsController } from './showing-requests/requests.controller.js';
import { SplitController } from './splitting-a-request/split.controller.js';
import { TakeInChargeController } from './taking-in-charge/take-in-charge.controller.js';
import { DeadlineController } from './telling-the-deadline/deadline.controller.js';
import { CORE, OPTIONS } from './tokens.js';
import { MailWriter, OutboundMailController } from './writing-mail/index.js';

@Module({})
export class IntakeModule {
  static around(core: ServiceCore, options: IntakeOptions): DynamicModule {
    const streams = new IntakeStreams(core);
    const mailboxes = new Mailboxes(core);
    return {
      module: IntakeModule,
      controllers: [
        SendRequestController,
        RequestsController,
        TakeInChargeController,
        SplitController,
        DismissalController,
        RepliesController,
        InboundMailController,
        QuarantineController,
        DeadlineController,
        OutboundMailController,
        LinkKeysController,
      ],
      providers: [
        { provide: CORE, useValue: core },
        { provide: OPTIONS, useValue: options },
        { provide: IntakeStreams, useValue: streams },
        { provide: Mailboxes, useValue: mailboxes },
        { provide: MailAcceptance, useValue: new MailAcceptance(core, options, streams, mailboxes) },
        { provide: MailWriter, useValue: new MailWriter(core, options) },
        RequestDesk,
      ],
    };
  }
}
