import { resolve } from 'node:path';
import { zFile, zHost, zLogLevel, zPort, zPublicUrl, zServerName, zUrl } from '@monteore/service/configuring';
import { z } from 'zod';

/**
 * What an installation chooses, by flag or by environment variable; the flag wins. Messages say which of the two
 * was wrong.
 */
export interface Settings {
  /** Absolute. */
  readonly data: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly smtpPort: number;
  /** An empty data directory stays without the sample. */
  readonly empty: boolean;
  readonly trustedAuthservId?: string | undefined;
  /** Absent: mails out become files of the outbox. */
  readonly smtpUrl?: string | undefined;
  /** How people reach the system, without a trailing slash. Absent: where it listens. */
  readonly publicUrl?: string | undefined;
  readonly imapUrls: readonly string[];
  readonly logLevel: string;
  /** Absent: no traces are made. */
  readonly tracesEndpoint?: string | undefined;
  /** A file with the milliseconds that the clock is moved by. */
  readonly testClock?: string | undefined;
}

export interface SettingName {
  readonly flag?: string;
  readonly variable: string;
  readonly help: string;
}

export const SETTINGS: Readonly<Record<keyof Settings, SettingName>> = {
  data: { flag: '--data <dir>', variable: 'MONTEORE_DATA', help: 'data directory (.monteore)' },
  host: { flag: '--host <address>', variable: 'MONTEORE_HOST', help: 'address to listen on (127.0.0.1)' },
  port: { flag: '--port <number>', variable: 'MONTEORE_PORT', help: 'port of HTTP (8080)' },
  smtpPort: {
    flag: '--smtp-port <number>',
    variable: 'MONTEORE_SMTP_PORT',
    help: 'port of the server for mails in (2525)',
  },
  empty: { flag: '--empty', variable: 'MONTEORE_EMPTY', help: 'do not load the sample on the first start' },
  trustedAuthservId: {
    flag: '--trusted-authserv-id <name>',
    variable: 'MONTEORE_TRUSTED_AUTHSERV_ID',
    help: 'receiving server whose Authentication-Results count',
  },
  smtpUrl: {
    flag: '--smtp-url <url>',
    variable: 'MONTEORE_SMTP_URL',
    help: 'server for mails out, smtp:// or smtps:// (absent: files in the outbox)',
  },
  publicUrl: {
    flag: '--public-url <url>',
    variable: 'MONTEORE_PUBLIC_URL',
    help: 'how people reach the system; links in mails begin with it',
  },
  imapUrls: {
    flag: '--imap-url <url...>',
    variable: 'MONTEORE_IMAP_URL',
    help: 'mailboxes to fetch mails in from, imap:// or imaps:// (in the variable: separated by blanks)',
  },
  logLevel: { variable: 'MONTEORE_LOG_LEVEL', help: 'trace, debug, info, warn, error or silent (warn)' },
  tracesEndpoint: {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    help: 'collector that traces are sent to, over HTTP (absent: none are made)',
  },
  testClock: {
    variable: 'MONTEORE_TEST_CLOCK',
    help: 'for tests: a file with the milliseconds that the clock is moved by',
  },
};

const zSettings = z.object({
  data: z
    .string()
    .default('.monteore')
    .transform((path) => resolve(path)),
  host: zHost.default('127.0.0.1'),
  port: zPort.default(8080),
  smtpPort: zPort.default(2525),
  empty: z
    .union([z.boolean(), z.stringbool('true or false is expected')], 'true or false is expected')
    .default(false),
  trustedAuthservId: zServerName.optional(),
  smtpUrl: zUrl('smtp:', 'smtps:').optional(),
  publicUrl: zPublicUrl.optional(),
  imapUrls: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(/\s+/))])
    .pipe(z.array(zUrl('imap:', 'imaps:')))
    .default([]),
  logLevel: zLogLevel.default('warn'),
  tracesEndpoint: zUrl('http:', 'https:').optional(),
  testClock: zFile.optional(),
}) satisfies z.ZodType<Settings>;

/** One line for each setting that is wrong. */
export class SettingsError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'SettingsError';
  }
}

/** `flags`: what the command line named. Throws SettingsError that names each wrong flag or variable. */
export function readSettings(
  flags: Readonly<Partial<Record<string, unknown>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const given = new Map<string, { readonly from: string; readonly value: unknown }>();
  for (const [name, { flag, variable }] of Object.entries(SETTINGS)) {
    const byVariable = environment[variable];
    const byFlag = flags[name];
    if (byFlag !== undefined && flag !== undefined)
      given.set(name, { from: flag.split(' ')[0]!, value: byFlag });
    else if (byVariable !== undefined && byVariable !== '')
      given.set(name, { from: variable, value: byVariable });
  }
  const result = zSettings.safeParse(
    Object.fromEntries([...given].map(([name, { value }]) => [name, value])),
  );
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const { from, value } = given.get(String(issue.path[0]))!;
    return `${from}=${JSON.stringify(value)}: ${issue.message}`;
  });
  throw new SettingsError([...new Set(lines)]);
}
