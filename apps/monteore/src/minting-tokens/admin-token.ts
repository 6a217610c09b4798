import { type AccessToken, type AccessTokenSigner } from '@monteore/identity/signing-keys';
import { replaceFile } from '../keeping-the-data-directory/layout.js';

/** The administrator's token is for a person who has just started the system, so it lives longer than others. */
export const ADMIN_TOKEN_HOURS = 12;

/**
 * Keeps the administrator's token in a file (600), new at each start and again when half its life is over, so that
 * the file of a running system always holds a valid one.
 */
export class AdminTokenFile {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly signer: AccessTokenSigner,
    private readonly report: (line: string) => void,
  ) {}

  async renew(): Promise<AccessToken> {
    const token = await this.signer.sign(
      { subject: 'administrator', role: 'administrator' },
      ADMIN_TOKEN_HOURS * 60,
    );
    await replaceFile(this.file, `${token.token}\n`);
    return token;
  }

  keepRenewing(everyMillis = (ADMIN_TOKEN_HOURS / 2) * 3_600_000): void {
    this.timer = setInterval(() => {
      this.renew().catch((error: Error) =>
        this.report(`${this.file} could not be renewed: ${error.message}`),
      );
    }, everyMillis);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
