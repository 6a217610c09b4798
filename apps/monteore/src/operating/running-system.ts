import { readFile } from 'node:fs/promises';
import { SERVICES, type ServiceName } from '@monteore/contracts';
import { readVariables, type Variables, zUrl } from '@monteore/service/configuring';
import type { Command } from 'commander';
import { z } from 'zod';
import { layoutOf } from '../keeping-the-data-directory/layout.js';
import { readSettings, SETTINGS } from '../reading-settings/settings.js';

const variables = {
  MONTEORE_URL: {
    schema: zUrl('http:', 'https:').default('http://127.0.0.1:8080'),
    help: 'where the system is reached',
  },
  MONTEORE_TOKEN: {
    schema: z.string().optional(),
    help: 'access token of an administrator, or of a machine with the scope service:operate',
    secret: true,
  },
} as const satisfies Variables;

/** How a command finds the system and proves who asks. */
export interface ReachOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly data?: string;
}

/** The options that every command which speaks to a running system takes. */
export const withReachOptions = (command: Command): Command =>
  command
    .option('--url <url>', 'where the system is reached (http://127.0.0.1:8080) [MONTEORE_URL]')
    .option(
      '--token-file <file>',
      "file with an administrator's access token (absent: MONTEORE_TOKEN, or one is made with the keys of --data)",
    )
    .option(SETTINGS.data.flag!, `${SETTINGS.data.help} [${SETTINGS.data.variable}]`)
    .option('--json', 'print JSON instead of tables');

/** A retry of a long key takes its time. */
const PATIENCE_MILLISECONDS = 120_000;

/** The services of a running system, in one process or apart, as an administrator asks them. */
export class RunningSystem {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Throws Error that says which option is wrong or missing. */
  static async reach({ url, tokenFile, data }: ReachOptions): Promise<RunningSystem> {
    const given = url === undefined ? process.env : { ...process.env, MONTEORE_URL: url };
    const values = readVariables(variables, given);
    const token =
      tokenFile === undefined
        ? (values.MONTEORE_TOKEN ?? (await mintedToken(data)))
        : await readTokenFile(tokenFile);
    return new RunningSystem(values.MONTEORE_URL.replace(/\/+$/, ''), token);
  }

  get<Body>(service: ServiceName, path: string): Promise<Body> {
    return this.call('GET', service, path);
  }

  post<Body>(service: ServiceName, path: string, body: object = {}): Promise<Body> {
    return this.call('POST', service, path, body);
  }

  /** Throws Error with what the service says is wrong, or that it cannot be reached. */
  private async call<Body>(method: string, service: ServiceName, path: string, body?: object): Promise<Body> {
    const url = `${this.url}/api/${service}${path}`;
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      const { code } = (error.cause ?? {}) as { code?: string };
      throw new Error(
        `${this.url} cannot be reached (${code ?? error.message}): does Monteore run there, and is --url right?`,
      );
    });
    const text = await answer.text();
    const content = contentOf(text);
    if (answer.ok && content !== undefined) return content as Body;
    throw new Error(faultOf(`${method} ${url}`, answer.status, content));
  }
}

function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const zProblem = z.object({
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

function faultOf(call: string, status: number, content: unknown): string {
  const { data: problem } = zProblem.safeParse(content);
  if (problem === undefined) return `${call} answered ${status}, and not as Monteore does: is --url right?`;
  const fields = problem.errors.map(({ pointer, detail }) => `; ${pointer}: ${detail}`).join('');
  const hint =
    status === 401
      ? ' Name one that is valid with --token-file, or the --data directory that can make one.'
      : '';
  return `${problem.detail}${fields} (${status}, ${problem.code})${hint}`;
}

async function readTokenFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--token-file ${file} cannot be read (${error.code})`);
  });
  if (!/^[\w.~+/=-]+\s*$/.test(text)) throw new Error(`--token-file ${file} does not hold an access token`);
  return text.trim();
}

async function mintedToken(data: string | undefined): Promise<string> {
  const settings = readSettings({ data }, { MONTEORE_DATA: process.env.MONTEORE_DATA });
  // A command that is given its token need not wait for what makes one.
  const { mintToken } = await import('../minting-tokens/mint-token.js');
  const { token } = await mintToken(layoutOf(settings.data), { role: 'administrator' }).catch(
    (error: Error) => {
      throw new Error(`no access token is named with --token-file or MONTEORE_TOKEN, and ${error.message}`);
    },
  );
  return token;
}

/** The service that was named. Throws Error with the names there are. */
export function serviceNamed(name: string): ServiceName {
  const service = SERVICES.find((candidate) => candidate === name);
  if (service === undefined) throw new Error(`--service ${name}: one of ${SERVICES.join(', ')}`);
  return service;
}

/** One service where one is named, else all of them. */
export const servicesNamed = (name: string | undefined): readonly ServiceName[] =>
  name === undefined ? SERVICES : [serviceNamed(name)];
