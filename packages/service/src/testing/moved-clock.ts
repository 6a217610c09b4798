import type { Clock } from '@monteore/kernel';

/** A clock that a test moves. It goes on between the moves: no two changes fall on one instant by standing still. */
export class MovedClock implements Clock {
  private aheadMillis = 0;

  /** Begins at the instant (RFC 3339), else at the machine's own time. */
  constructor(instant?: string) {
    if (instant !== undefined) this.moveTo(instant);
  }

  now(): string {
    return new Date(Date.now() + this.aheadMillis).toISOString();
  }

  moveTo(instant: string): void {
    this.aheadMillis = Date.parse(instant) - Date.now();
  }

  moveBy(millis: number): void {
    this.aheadMillis += millis;
  }
}
