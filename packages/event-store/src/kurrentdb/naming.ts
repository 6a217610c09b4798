/** How the streams of one service are called in a database that several services may share. */
export interface StreamNames {
  /** What the name of every stream of the service begins with. */
  readonly prefix: string;
  /** Keeps the store's id. It lacks the prefix of any service, so it is never read as one of its streams. */
  readonly storeIdStream: string;
}

/** Throws TypeError for what is no service name: a dot in it would let one service's streams pass for another's. */
export function namesOf(service: string): StreamNames {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(service))
    throw new TypeError(
      `${JSON.stringify(service)} is no service name: a-z, 0-9, -, at most 40, a letter first`,
    );
  return { prefix: `${service}.`, storeIdStream: `store-id:${service}` };
}

const SCHEME = /^(?:esdb|kurrentdb|kurrent)(\+discover)?:\/\//;

/** The connection string as the client reads it: it knows only the server's former name. Throws TypeError for others. */
export function clientConnectionString(connectionString: string): string {
  const given = connectionString.trim();
  const scheme = SCHEME.exec(given);
  // The string may hold a password, so it is not repeated.
  if (scheme === null)
    throw new TypeError(
      'a KurrentDB connection string begins with esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://',
    );
  return `esdb${scheme[1] ?? ''}://${given.slice(scheme[0].length)}`;
}
