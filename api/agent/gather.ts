/**
 * Turns many single look-ups into few queries: keys asked for while a query runs wait for the next one. Four
 * thousand machines that ask at once cost a handful of queries instead of four thousand.
 */
export function gather<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let requests = new Map<string, PromiseWithResolvers<V | undefined>>();
  let running = false;

  const run = async (): Promise<void> => {
    while (requests.size > 0) {
      const batch = requests;
      requests = new Map();
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
    const waiter = requests.get(key) ?? Promise.withResolvers<V | undefined>();
    requests.set(key, waiter);
    if (!running) {
      running = true;
      setImmediate(() => void run());
    }
    return waiter.promise;
  };
}
