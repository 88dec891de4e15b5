/** A thread that reads one inventory and ends: however long it takes, nobody else waits, and it can be ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { type InventoryText, readInventory } from './read.ts';
import { UnreadableInventory } from './values.ts';

try {
  parentPort?.postMessage({ read: readInventory(workerData as InventoryText) });
} catch (error) {
  if (!(error instanceof UnreadableInventory)) throw error;
  parentPort?.postMessage({ why: error.message });
}
