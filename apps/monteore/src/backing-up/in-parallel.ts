/** Files are many and small: waiting for one disk write must not hold up the next read. */
const AT_ONCE = 8;

/** Does `work` for each item, some at once. Rejects with the first failure when those that had begun have ended. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | null = null;
  const worker = async () => {
    for (let next = iterator.next(); !next.done && failure === null; next = iterator.next())
      await work(next.value).catch((error: unknown) => {
        failure ??= { error };
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}
