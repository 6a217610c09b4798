/**
 * Runs each variant once to warm up and then as often as asked, one after another (A B A B …), so that what changes
 * on the machine meanwhile meets all of them. Answers what each repetition gave, variant by variant.
 */
export async function interleaved<Name extends string>(
  repetitions: number,
  variants: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(variants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    for (const name of names) {
      const value = await variants[name]();
      if (repetition > 0) measured[name].push(value);
    }
  }
  return measured;
}

/**
 * Calls `work` so often, with so many calls under way; worker by worker each call follows the one before. Answers
 * calls a second. Throws what `work` throws.
 */
export async function rateInFlight(
  calls: number,
  inFlight: number,
  work: (worker: number) => Promise<unknown>,
): Promise<number> {
  let left = calls;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async (_, worker) => {
      while (left > 0) {
        left -= 1;
        await work(worker);
      }
    }),
  );
  return perSecond(calls, begun);
}

/** So many since that moment of `performance.now()`. */
export const perSecond = (count: number, begun: number): number =>
  (count * 1000) / (performance.now() - begun);

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
