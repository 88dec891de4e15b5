import { statfs } from 'node:fs/promises';
import { Trouble } from './trouble.ts';

/** Free space for this user on the file system that holds a folder, in MiB. */
export async function freeMib(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return (bavail * bsize) / 2 ** 20;
}

/** Throws Trouble when less than `leastMib` is free for a folder. */
export async function needSpace(folder: string, minMib: number): Promise<void> {
  const free = await freeMib(folder);
  if (free >= minMib) return;
  throw new Trouble(
    `the disk that holds ${folder} has ${Math.floor(free)} MiB free and Farrier needs ${minMib} MiB to start; make room or give another folder with --data`,
  );
}
