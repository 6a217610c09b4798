/** Where a store lives in a database. */
export interface StoreNames {
  readonly schema: string;
  /** NOTIFY channel that tells of new events. */
  readonly channel: string;
}

/** Schema names go into SQL as they are and into names of at most 63 bytes. Throws TypeError for others. */
export function namesOf(schema: string): StoreNames {
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema))
    throw new TypeError(`${JSON.stringify(schema)} is no schema name: a-z, 0-9, _, at most 40`);
  return { schema, channel: `event_store_${schema}` };
}
