import {
  type ValuesOf,
  type Variables,
  zFile,
  zHost,
  zList,
  zPort,
  zServerName,
  zUrl,
} from '@monteore/service/configuring';
import { z } from 'zod';
import type { IntakeOptions } from './options.js';

/** What intake reads from its environment beside what every service reads. */
export const intakeVariables = {
  LINK_JWKS_FILE: {
    schema: zFile,
    help: 'the file with the public keys of the links in mails, which intake publishes',
  },
  MONTEORE_LINK_SIGNING_KEY_FILE: {
    schema: zFile,
    help: 'the file with the private key of the links in mails, which only intake has',
  },
  MONTEORE_SMTP_HOST: {
    schema: zHost.default('127.0.0.1'),
    help: 'address of the server for mails in (127.0.0.1)',
  },
  MONTEORE_SMTP_PORT: {
    schema: zPort.optional(),
    help: 'port of the server for mails in (absent: mails come by IMAP and REST only)',
  },
  MONTEORE_SMTP_TLS_CERT_FILE: {
    schema: zFile.optional(),
    help: 'PEM file with the certificate by which that server offers STARTTLS (absent: it does not)',
  },
  MONTEORE_SMTP_TLS_KEY_FILE: { schema: zFile.optional(), help: 'PEM file with its private key' },
  MONTEORE_SMTP_URL: {
    schema: zUrl('smtp:', 'smtps:').optional(),
    help: 'server for mails out, smtp:// or smtps://; this or MONTEORE_OUTBOX is needed',
    secret: true,
  },
  MONTEORE_OUTBOX: { schema: z.string().optional(), help: 'a directory in which mails out become files' },
  MONTEORE_TRUSTED_AUTHSERV_ID: {
    schema: zServerName.optional(),
    help: 'receiving server whose Authentication-Results count',
  },
  MONTEORE_IMAP_URL: {
    schema: zList(zUrl('imap:', 'imaps:')).optional(),
    help: 'mailboxes to fetch mails in from, imap:// or imaps://, separated by blanks',
    secret: true,
  },
} as const satisfies Variables;

export type IntakeValues = ValuesOf<typeof intakeVariables>;

/** What is wrong between them, one line each. */
export function intakeFaults(values: IntakeValues): readonly string[] {
  const { MONTEORE_SMTP_URL: server, MONTEORE_OUTBOX: outbox } = values;
  const { MONTEORE_SMTP_TLS_CERT_FILE: certificate, MONTEORE_SMTP_TLS_KEY_FILE: key } = values;
  return [
    ...(server === undefined && outbox === undefined
      ? [`MONTEORE_SMTP_URL is missing: ${intakeVariables.MONTEORE_SMTP_URL.help}`]
      : []),
    ...(server !== undefined && outbox !== undefined
      ? ['MONTEORE_SMTP_URL and MONTEORE_OUTBOX are both set: one of them is enough']
      : []),
    ...((certificate === undefined) !== (key === undefined)
      ? ['MONTEORE_SMTP_TLS_CERT_FILE and MONTEORE_SMTP_TLS_KEY_FILE go together']
      : []),
  ];
}

export function intakeOptionsOf(values: IntakeValues): IntakeOptions {
  const { MONTEORE_SMTP_HOST: host, MONTEORE_SMTP_PORT: port, MONTEORE_SMTP_URL: smtpUrl } = values;
  const { MONTEORE_SMTP_TLS_CERT_FILE: certFile, MONTEORE_SMTP_TLS_KEY_FILE: keyFile } = values;
  const { MONTEORE_TRUSTED_AUTHSERV_ID: trustedAuthservId, MONTEORE_IMAP_URL: imapUrls } = values;
  const tls = certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } };
  return {
    ...(port === undefined ? {} : { smtp: { host, port, ...tls } }),
    outbound: smtpUrl === undefined ? { outboxDirectory: values.MONTEORE_OUTBOX! } : { smtpUrl },
    linkSigningKeyFile: values.MONTEORE_LINK_SIGNING_KEY_FILE,
    ...(trustedAuthservId === undefined ? {} : { trustedAuthservId }),
    imap: (imapUrls ?? []).map((url) => ({ url })),
  };
}
