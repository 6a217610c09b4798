import { createHmac } from 'node:crypto';
import { type PersonKnown, peopleTopicOf, type ServiceName } from '@monteore/contracts';
import { isUuid, normalizeEmail, personIdOf } from '@monteore/kernel';
import {
  isTransient,
  type Message,
  type MessageHandler,
  type Publisher,
  type SqlTransaction,
} from '@monteore/messaging';
import type { ServiceDatabase, ServiceTransaction } from '../database/service-database.js';

/**
 * Names and addresses, the only tables that hold them (architecture.md, Personal data). `people` is this service's
 * copy of everybody known; `people_outbox` is what it has to tell the others.
 */
export const peopleTables = `
  CREATE TABLE people (
    person_id text PRIMARY KEY,
    kind text NOT NULL,
    client_id text,
    name text,
    email text,
    language text,
    erased boolean NOT NULL DEFAULT false
  );
  CREATE INDEX people_by_email ON people (email);
  CREATE TABLE people_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id text NOT NULL,
    told_at timestamptz
  );
  CREATE INDEX people_outbox_waiting ON people_outbox (id) WHERE told_at IS NULL;
  CREATE INDEX people_outbox_of_person ON people_outbox (person_id, id);`;

export interface Person extends PersonKnown {
  readonly erased: boolean;
}

/** Labels known to be written need no look at the database. */
const LABELS_REMEMBERED = 10_000;

export class People {
  private readonly remembered = new Map<string, string>();
  private readonly unwritten = new Map<string, string>();
  /** Ids of the team by label: nearly every command names some of a few. */
  private readonly teamIds = new Map<string, string>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly installationSecret: string,
  ) {}

  /** The id of a client's contact with this address. */
  contactId(clientId: string, email: string): string {
    return personIdOf(this.installationSecret, email, clientId);
  }

  /** The id of somebody of the team, by address (or by whatever they are called where no address is known). */
  teamId(label: string): string {
    if (isUuid(label)) return label.toLowerCase();
    const known = this.teamIds.get(label);
    if (known !== undefined) return known;
    if (this.teamIds.size >= LABELS_REMEMBERED) this.teamIds.clear();
    const personId = personIdOf(this.installationSecret, label);
    this.teamIds.set(label, personId);
    return personId;
  }

  /** Tells two texts of a person apart without holding them: for what a command's input is compared by. */
  fingerprint(text: string): string {
    return createHmac('sha256', this.installationSecret).update(text).digest('hex');
  }

  /** Erases a person for good, here and (by the outbox) everywhere: its id stays, and nothing is known of it. */
  async erase(personId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (await makeTombstone(personId, tx))
        await tx.query('INSERT INTO people_outbox (person_id) VALUES ($1)', [personId]);
    });
  }

  /**
   * Maps a label at the edge to an id, remembering the label so that it can be shown again. A database that does not
   * answer just now keeps nobody's answer back: the label is written at the next telling.
   */
  async rememberTeamMember(label: string): Promise<string> {
    const personId = this.teamId(label);
    if (personId === label.toLowerCase() || this.remembered.get(personId) === label) return personId;
    try {
      await this.writeTeamMember(personId, label);
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.unwritten.set(personId, label);
    }
    return personId;
  }

  private async writeTeamMember(personId: string, label: string): Promise<void> {
    const isEmail = label.includes('@');
    await this.remember({ personId, kind: 'team', ...(isEmail ? { email: label } : { name: label }) });
    if (this.remembered.size >= LABELS_REMEMBERED) this.remembered.clear();
    this.remembered.set(personId, label);
    this.unwritten.delete(personId);
  }

  /** Writes a person's row and queues it for the others, when it says something new. */
  async remember(person: PersonKnown): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (await upsert(person, tx)) {
        await tx.query('INSERT INTO people_outbox (person_id) VALUES ($1)', [person.personId]);
      }
    });
  }

  async find(personIds: readonly string[]): Promise<Map<string, Person>> {
    if (personIds.length === 0) return new Map();
    const rows = await this.database.query<Row>('SELECT * FROM people WHERE person_id = ANY ($1)', [
      [...new Set(personIds)],
    ]);
    return new Map(rows.map((row) => [row.person_id, fromRow(row)]));
  }

  async byEmail(email: string): Promise<Person[]> {
    const rows = await this.database.query<Row>('SELECT * FROM people WHERE email = $1 AND NOT erased', [
      normalizeEmail(email),
    ]);
    return rows.map(fromRow);
  }

  /** How people are shown: the team as it was named, a client's people by name; else by what is known, else by id. */
  async labels(personIds: readonly string[]): Promise<(personId: string | undefined) => string | undefined> {
    const known = await this.find(personIds);
    return (personId) => {
      if (personId === undefined) return undefined;
      const person = known.get(personId);
      const shown = person?.kind === 'team' ? (person.email ?? person.name) : (person?.name ?? person?.email);
      return shown ?? personId;
    };
  }

  /**
   * Tells the others what waits in the outbox, in order; called by the sweeper. Of what was told of a person the newest
   * row stays: it says that there is something on this service's topic that a tombstone has to replace.
   */
  async tell(service: ServiceName, source: string, publisher: Publisher): Promise<void> {
    for (const [personId, label] of this.unwritten) await this.writeTeamMember(personId, label);
    await this.database.transaction(async (tx) => {
      const rows = await tx.query<Row & { id: string }>(
        `SELECT o.id, p.* FROM people_outbox o JOIN people p USING (person_id)
         WHERE o.told_at IS NULL ORDER BY o.id LIMIT 200 FOR UPDATE OF o SKIP LOCKED`,
      );
      if (rows.length === 0) return;
      await publisher.publish(
        peopleTopicOf(service),
        rows.map((row) => messageOf(row, source)),
      );
      await tx.query('UPDATE people_outbox SET told_at = now() WHERE id = ANY ($1)', [
        rows.map((row) => row.id),
      ]);
      await tx.query(
        `DELETE FROM people_outbox old WHERE old.person_id = ANY ($1) AND old.told_at IS NOT NULL AND EXISTS
           (SELECT 1 FROM people_outbox newer
            WHERE newer.person_id = old.person_id AND newer.id > old.id AND newer.told_at IS NOT NULL)`,
        [rows.map((row) => row.person_id)],
      );
    });
  }
}

/** True when the row says something new. What is already known of a person and not said anew stays. */
async function upsert(person: PersonKnown, tx: SqlTransaction): Promise<boolean> {
  const email = person.email === undefined ? null : normalizeEmail(person.email);
  const rows = await tx.query(
    `INSERT INTO people AS known (person_id, kind, client_id, name, email, language) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (person_id) DO UPDATE SET
       name = coalesce(EXCLUDED.name, known.name),
       email = coalesce(EXCLUDED.email, known.email),
       language = coalesce(EXCLUDED.language, known.language)
     WHERE NOT known.erased AND (known.name, known.email, known.language) IS DISTINCT FROM
       (coalesce(EXCLUDED.name, known.name), coalesce(EXCLUDED.email, known.email), coalesce(EXCLUDED.language, known.language))
     RETURNING 1`,
    [
      person.personId,
      person.kind,
      person.clientId ?? null,
      person.name ?? null,
      email,
      person.language ?? null,
    ],
  );
  return rows.length > 0;
}

/** True when it is new. A tombstone also stands where the person was never known, so that a late message finds it. */
async function makeTombstone(personId: string, tx: SqlTransaction): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO people AS known (person_id, kind, erased) VALUES ($1, 'contact', true)
     ON CONFLICT (person_id) DO UPDATE SET name = NULL, email = NULL, language = NULL, erased = true
     WHERE NOT known.erased RETURNING 1`,
    [personId],
  );
  return rows.length > 0;
}

/** People are told in an order of their own, so they are a source of their own. */
export const peopleSourceOf = (source: string): string => `${source}/people`;

function messageOf(row: Row & { id: string }, source: string): Message {
  const { erased, ...person } = fromRow(row);
  return {
    id: `${peopleSourceOf(source)}/${row.id}`,
    source: peopleSourceOf(source),
    type: erased ? 'PersonErased' : 'PersonKnown',
    key: row.person_id,
    position: BigInt(row.id),
    time: new Date().toISOString(),
    data: erased ? { personId: row.person_id } : { ...person },
    correlationId: row.person_id,
  };
}

/** Handlers for every service's people topic. */
export const peopleHandlers: Readonly<Record<string, MessageHandler<ServiceTransaction>>> = {
  PersonKnown: {
    project: async (message, tx) => {
      await upsert(message.data as unknown as PersonKnown, tx);
    },
  },
  PersonErased: {
    project: async (message, tx) => {
      const personId = String(message.data.personId);
      if (!(await makeTombstone(personId, tx))) return;
      // What this service itself has told of the person is the latest on its own topic, until a tombstone replaces it.
      await tx.query(
        'INSERT INTO people_outbox (person_id) SELECT $1 WHERE EXISTS (SELECT 1 FROM people_outbox WHERE person_id = $1)',
        [personId],
      );
    },
  },
};

interface Row {
  person_id: string;
  kind: PersonKnown['kind'];
  client_id: string | null;
  name: string | null;
  email: string | null;
  language: PersonKnown['language'] | null;
  erased: boolean;
}

const fromRow = (row: Row): Person => ({
  personId: row.person_id,
  kind: row.kind,
  ...(row.client_id === null ? {} : { clientId: row.client_id }),
  ...(row.name === null ? {} : { name: row.name }),
  ...(row.email === null ? {} : { email: row.email }),
  ...(row.language === null || row.language === undefined ? {} : { language: row.language }),
  erased: row.erased,
});
