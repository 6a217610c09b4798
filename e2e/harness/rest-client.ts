/** What JSON.parse gives: a test says what it expects of it. */
export type Parsed = ReturnType<typeof JSON.parse>;

/** An answer as it came; problems are answers like others. */
export interface Answer<Body = Parsed> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON or a problem, the text otherwise. */
  readonly body: Body;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends Idempotency-Key. */
  readonly key?: string;
}

const JSON_TYPES = /^application\/(problem\+)?json/;

/** Calls the system's REST as one principal. Paths begin with the service: `/ledger/v1/packages`. */
export class RestClient {
  /** The `Monteore-Position` of the last answer that carried one. */
  position: string | null = null;

  private readonly baseUrl: string;
  private readonly token: string | null;

  constructor(baseUrl: string, token: string | null) {
    this.baseUrl = baseUrl;
    this.token = token;
  }

  get<Body = Parsed>(path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    return this.call('GET', path, undefined, options);
  }

  post<Body = Parsed>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<Answer<Body>> {
    return this.call('POST', path, body, options);
  }

  patch<Body = Parsed>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer<Body>> {
    return this.call('PATCH', path, body, options);
  }

  /** The body of a call that must succeed. Throws Error with the problem otherwise. */
  async must<Body = Parsed>(answer: Promise<Answer<Body>>): Promise<Body> {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Every item of a list, page by page. Throws Error with the problem when a page is refused. */
  async all<Item = Parsed>(path: string, options: CallOptions = {}): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Item[]; nextCursor: string | null } = await this.must(
        this.get(`${path}${path.includes('?') ? '&' : '?'}limit=200${more}`, options),
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  /** The bytes of a file. Throws Error when it is not there. */
  async bytes(path: string): Promise<Buffer> {
    const answer = await fetch(this.urlOf(path), { headers: this.headers() });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  private async call<Body>(
    method: string,
    path: string,
    body: unknown,
    { headers = {}, key }: CallOptions,
  ): Promise<Answer<Body>> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(this.urlOf(path), {
      method,
      headers: {
        ...this.headers(),
        ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: isRaw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    this.position = answer.headers.get('monteore-position') ?? this.position;
    const text = await answer.text();
    const isJson = JSON_TYPES.test(answer.headers.get('content-type') ?? '') && text !== '';
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  private urlOf(path: string): string {
    return path.startsWith('http') ? path : `${this.baseUrl}/api${path}`;
  }

  private headers(): Record<string, string> {
    return this.token === null ? {} : { authorization: `Bearer ${this.token}` };
  }
}
