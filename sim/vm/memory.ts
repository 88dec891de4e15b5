import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { Trouble } from '../../host/trouble.ts';

/** What a BMC keeps in its flash: it must not change when the rig is started again. */
const shape = z.object({
  /** TCP port on loopback; 0 until the first start chose one. */
  port: z.number().int().min(0).max(65535),
  override: z.object({
    target: z.enum(['None', 'Pxe', 'Hdd']),
    enabled: z.enum(['Disabled', 'Once', 'Continuous']),
  }),
  lastReset: z.iso.datetime().nullable(),
  /** Power before the rig was stopped; null for a machine that was never on. */
  power: z.enum(['On', 'Off']).nullable(),
});
export type BmcMemory = z.infer<typeof shape>;

export const freshMemory: BmcMemory = {
  port: 0,
  override: { target: 'None', enabled: 'Disabled' },
  lastReset: null,
  power: null,
};

/** Reads the file, or a fresh memory if there is none; throws Trouble for one that is damaged. */
export async function recall(file: string): Promise<BmcMemory> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return freshMemory;
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new Trouble(`${file} is damaged: remove it, and the BMC starts with a new address.`);
  }
}

/** Returns a function that keeps memories in this file: the last one given is on disk when the promise resolves. */
export function keeper(file: string): (memory: BmcMemory) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (memory) => {
    last = last.then(async () => {
      // Written beside and renamed, so that a crash leaves the old or the new one.
      await writeFile(`${file}.new`, JSON.stringify(memory));
      await rename(`${file}.new`, file);
    });
    return last;
  };
}
