import { eventsTopicOf, peopleTopicOf } from '@monteore/contracts';
import { eventually, type ServiceCore } from '@monteore/service';
import { normaliseAddress } from '../reading-mail/addresses.js';
import { addressTag } from './package-tags.js';

/** A referent's mailbox as a mail named it. */
export interface Mailbox {
  readonly referentId: string;
  /** What stood behind the plus. */
  readonly tag?: string;
}

/** The copy has to have come this far before "unknown" may be said. */
const DIRECTORY_TOPICS = [eventsTopicOf('ledger'), peopleTopicOf('ledger'), peopleTopicOf('identity')];

/** The mailboxes of the system: one a referent of a package (R8). */
export class Mailboxes {
  constructor(private readonly core: ServiceCore) {}

  /** The mailboxes among these addresses, plus-addresses included; what is none is left out. */
  async find(addresses: readonly string[]): Promise<Mailbox[]> {
    const rows = await this.core.database.query<{ referent_id: string; email: string }>(
      `SELECT DISTINCT p.referent_id, who.email FROM packages p
       JOIN people who ON who.person_id = p.referent_id AND who.email IS NOT NULL AND NOT who.erased
       ORDER BY p.referent_id`,
    );
    const known = new Map(rows.map((row) => [normaliseAddress(row.email), row.referent_id]));
    return addresses.flatMap((address): Mailbox[] => {
      const normal = normaliseAddress(address);
      if (normal === undefined) return [];
      const exact = known.get(normal);
      if (exact !== undefined) return [{ referentId: exact }];
      const plus = /^([^+]+)\+([^@]*)(@.+)$/.exec(normal);
      const referentId = plus === null ? undefined : known.get(`${plus[1]}${plus[3]}`);
      return referentId === undefined ? [] : [{ referentId, tag: addressTag(plus![2]!) }];
    });
  }

  /**
   * Whether one address is a mailbox of the system. `not-current`: it is not known, and this service has not yet
   * consumed all that was said about packages and people, or waits for the address of a referent, so that it may become
   * known.
   */
  async judge(address: string): Promise<'known' | 'unknown' | 'not-current'> {
    const isKnown = async () => (await this.find([address])).length > 0;
    if (await isKnown()) return 'known';
    const isCurrent = (await eventually(async () => ((await this.isCurrent()) ? true : null))) === true;
    if (await isKnown()) return 'known';
    return isCurrent ? 'unknown' : 'not-current';
  }

  private async isCurrent(): Promise<boolean> {
    const nameless = await this.core.database.query(
      'SELECT 1 FROM packages WHERE NOT EXISTS (SELECT 1 FROM people WHERE person_id = referent_id) LIMIT 1',
    );
    if (nameless.length > 0) return false;
    for (const topic of DIRECTORY_TOPICS) {
      const rows = await this.core.database.query<{ partition: number; next_offset: string }>(
        'SELECT partition, next_offset FROM consumer_offsets WHERE topic = $1',
        [topic],
      );
      const consumed = new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
      for (const { partition, next } of await this.core.messaging.endOffsets(topic)) {
        if ((consumed.get(partition) ?? 0n) < next) return false;
      }
    }
    return true;
  }
}
