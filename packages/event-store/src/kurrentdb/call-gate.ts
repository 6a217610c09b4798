import { StoreUnavailableError } from '../port.js';

export interface CallLimits {
  /** Calls on the connection at a time: it carries 100, and the next would wait in silence. */
  readonly calls: number;
  /** Calls that may wait for a place; further ones are refused. */
  readonly queued: number;
  readonly waitMilliseconds: number;
}

interface Waiting {
  enter(): void;
  readonly expiry: NodeJS.Timeout;
}

/** Lets so many calls through at a time; the others wait their turn, so many and so long. */
export class CallGate {
  #running = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(private readonly limits: CallLimits) {}

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running >= this.limits.calls) await this.#turn();
    else this.#running += 1;
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.size >= this.limits.queued)
      throw new StoreUnavailableError(`${this.limits.queued} reads are waiting already`);
    return new Promise((resolve, reject) => {
      const expiry = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new StoreUnavailableError('earlier reads are not answered'));
      }, this.limits.waitMilliseconds);
      const waiting: Waiting = { enter: resolve, expiry };
      this.#waiting.add(waiting);
    });
  }

  /** The place passes on to who has waited longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.expiry);
    next.enter();
  }
}
