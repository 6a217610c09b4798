/** What a service logs, kept for a test. */
export class LogLines {
  text = '';

  write(line: string): void {
    this.text += line;
  }

  /** Each line as it was written: one JSON object. */
  all(): Record<string, unknown>[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  with(msg: string): Record<string, unknown>[] {
    return this.all().filter((line) => line.msg === msg);
  }
}
