import { type EventTypeOf, integrationEvents, type PersonKnown } from '@monteore/contracts';
import { MovedClock, StartedService } from '@monteore/service/testing';

type StartOptions = Parameters<typeof StartedService.start>[0];

/** A service named intake as it runs, alone; what others say is published as they would say it. */
export class StartedIntake {
  protected constructor(
    readonly started: StartedService,
    readonly clock: MovedClock,
  ) {}

  protected static async begin(
    databaseUrl: string,
    definition: StartOptions['definition'],
    watched: StartOptions['watched'] = {},
  ): Promise<[StartedService, MovedClock]> {
    const clock = new MovedClock();
    const publicUrl = 'https://ore.agenzia.example';
    return [await StartedService.start({ definition, databaseUrl, clock, publicUrl, watched }), clock];
  }

  get service() {
    return this.started.service;
  }

  stop(): Promise<void> {
    return this.started.stop();
  }

  query<Row extends object = Record<string, unknown>>(sql: string, values: readonly unknown[] = []) {
    return this.service.core.database.query<Row>(sql, values);
  }

  /** Publishes one integration event, checked against its contract; resolves when its effects are committed. */
  async tell<S extends keyof typeof integrationEvents>(
    service: S,
    type: EventTypeOf<S>,
    data: { readonly clientId: string } & Record<string, unknown>,
  ): Promise<void> {
    const schemas = integrationEvents[service] as unknown as Record<
      string,
      { parse(value: unknown): object }
    >;
    const facts = schemas[type]!.parse(data);
    await this.started.publish(this.started.told(service, type, data.clientId, facts, this.clock.now()));
  }

  async tellPerson(person: PersonKnown): Promise<void> {
    await this.started.publish(
      this.started.told('ledger', 'PersonKnown', person.personId, person, this.clock.now()),
    );
  }

  async erasePerson(personId: string): Promise<void> {
    await this.started.publish(
      this.started.told('ledger', 'PersonErased', personId, { personId }, this.clock.now()),
    );
  }
}
