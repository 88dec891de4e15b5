/** Reading inventories of others without being held up by them. */
import { Worker } from 'node:worker_threads';
import type { InventoryRead, InventoryText } from './read.ts';
import { UnreadableInventory } from './values.ts';

/** A minute of a laden machine; a whole inventory takes seconds. */
const limitMs = 60_000;
const maxHeapMb = 512;
/** Characters that take milliseconds, whatever they hold: a thread would take longer to begin. */
const maxHere = 64 * 1024;
/** Texts that are read at once. */
const maxAtOnce = 2;
let reading = 0;

/** Nobody else is let in meanwhile. */
export class ReadersBusy extends Error {
  override readonly name = 'ReadersBusy';
}

/** Reads an inventory, a large one in a thread of its own. Throws UnreadableInventory, also for what takes too much time or memory. */
export async function readAside(given: InventoryText): Promise<InventoryRead> {
  if (given.text.length <= maxHere) return (await import('./read.ts')).readInventory(given);
  if (reading >= maxAtOnce) throw new ReadersBusy('other inventories are being read: try again in a moment');
  reading += 1;
  try {
    return await inThread(given);
  } finally {
    reading -= 1;
  }
}

function inThread(given: InventoryText): Promise<InventoryRead> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: given,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  return new Promise<InventoryRead>((resolve, reject) => {
    const tooMuch = () => reject(new UnreadableInventory('it takes too much to read: import it in parts'));
    const timer = setTimeout(tooMuch, limitMs);
    const settle = () => clearTimeout(timer);
    worker.once('message', ({ read, why }: { readonly read?: InventoryRead; readonly why?: string }) => {
      settle();
      if (read === undefined) reject(new UnreadableInventory(why ?? 'it cannot be read'));
      else resolve(read);
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') tooMuch();
      else reject(error);
    });
  }).finally(() => void worker.terminate());
}
