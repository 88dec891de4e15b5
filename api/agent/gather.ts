/**
 * Turns many single look-ups into few queries: keys asked for while a query runs wait for the next one. Four
 * thousand machines that ask at once cost a handful of queries instead of four thousand.
 */
export function gather<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let asked = new Map<string, PromiseWithResolvers<V | undefined>>();
  let running = false;

  const run = async (): Promise<void> => {
    while (asked.size > 0) {
      const batch = asked;
      asked = new Map();
      try {
        const found = await load([...batch.keys()]);
        for (const [key, waiter] of batch) waiter.resolve(found.get(key));
      } catch (error) {
        for (const waiter of batch.values()) waiter.reject(error);
      }
    }
    running = false;
  };

  return (key) => {
    const waiter = asked.get(key) ?? Promise.withResolvers<V | undefined>();
    asked.set(key, waiter);
    if (!running) {
      running = true;
      setImmediate(() => void run());
    }
    return waiter.promise;
  };
}
