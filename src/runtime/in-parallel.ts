/** Requests at once; enough to be quick, few enough not to crowd out the API server's other clients. */
const width = 8;

/** Runs `work` for every item, some at once; results in the order of the items. The first failure rejects. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = [...items.entries()];
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1]);
    }),
  );
  return results;
}
