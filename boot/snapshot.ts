import { readFile, rename, writeFile } from 'node:fs/promises';

/** Which MACs were healthy when the MDB was last heard: what boots locally while it is away. */
export interface Snapshot {
  isHealthy(mac: string): boolean;
  learn(mac: string, healthy: boolean): void;
  /** Takes a whole list from the MDB, forgets what it no longer names, and writes the file when something changed. */
  refresh(macs: readonly string[]): Promise<void>;
}

/** MACs kept at most: 200,000 take about 20 MB of memory and 4 MB of file. */
export const snapshotLimit = 200_000;

/**
 * Opens the snapshot kept in a file. A file that is missing or damaged is an empty snapshot: machines then wait for
 * the MDB instead of booting, which is safe.
 */
export async function openSnapshot(path: string, limit = snapshotLimit): Promise<Snapshot> {
  let macs = new Set(await readMacs(path, limit));
  let changed = false;
  let saving: Promise<void> = Promise.resolve();
  const write = async () => {
    if (!changed) return;
    changed = false;
    const text = `${[...macs].join('\n')}\n`;
    await writeFile(`${path}.${process.pid}`, text, { mode: 0o600 });
    await rename(`${path}.${process.pid}`, path);
  };
  return {
    isHealthy: (mac) => macs.has(mac),
    learn(mac, healthy) {
      if (healthy === macs.has(mac)) return;
      if (healthy) macs.add(mac);
      else macs.delete(mac);
      for (const oldest of macs) {
        if (macs.size <= limit) break;
        macs.delete(oldest);
      }
      changed = true;
    },
    refresh(list) {
      const next = new Set(list.slice(0, limit));
      changed ||= next.size !== macs.size || [...next].some((mac) => !macs.has(mac));
      macs = next;
      saving = saving.catch(() => {}).then(write);
      return saving;
    },
  };
}

async function readMacs(path: string, limit: number): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(line))
    .slice(0, limit);
}
