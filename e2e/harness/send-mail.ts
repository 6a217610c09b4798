import { createTransport } from 'nodemailer';

export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
}

/** What the server said at the end of the dialogue: 250 taken, 451 later, 550 never. */
export interface SmtpAnswer {
  readonly code: number;
  readonly text: string;
}

/** Gives a raw mail to the SMTP server, byte for byte. A refusal is an answer; no server throws. */
export async function sendRawMail(
  server: SmtpAddress,
  raw: Buffer | string,
  envelope: { readonly from: string; readonly to: string | readonly string[] },
): Promise<SmtpAnswer> {
  const transport = createTransport({ ...server, secure: false, ignoreTLS: true });
  try {
    const { response } = await transport.sendMail({
      raw,
      envelope: { from: envelope.from, to: [envelope.to].flat() as string[] },
    });
    return { code: Number(response.slice(0, 3)), text: response };
  } catch (error) {
    const { responseCode, response, message } = error as Error & { responseCode?: number; response?: string };
    if (responseCode === undefined) throw error;
    return { code: responseCode, text: response ?? message };
  } finally {
    transport.close();
  }
}

export interface PlainMail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly inReplyTo?: string;
  /** RFC 3339; the header is for people, nothing is counted from it. */
  readonly date?: string;
}

/** A simple text mail as bytes. */
export function plainMail(mail: PlainMail): Buffer {
  const encodedSubject = `=?UTF-8?B?${Buffer.from(mail.subject).toString('base64')}?=`;
  const lines = [
    `From: ${mail.from}`,
    `To: ${mail.to}`,
    `Subject: ${encodedSubject}`,
    `Message-ID: ${mail.messageId}`,
    ...(mail.inReplyTo === undefined
      ? []
      : [`In-Reply-To: ${mail.inReplyTo}`, `References: ${mail.inReplyTo}`]),
    `Date: ${new Date(mail.date ?? Date.now()).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(Buffer.from(mail.text)
      .toString('base64')
      .match(/.{1,76}/g) ?? []),
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}
