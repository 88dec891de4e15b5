import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { faultSchema } from './faults.ts';

/** The faults file: single machines by id, or a share of all machines, chosen by the seed. */
const faultFileSchema = z.array(
  z.union([
    z.strictObject({ machine: z.string(), fault: faultSchema }),
    z.strictObject({ share: z.number().min(0).max(1), fault: faultSchema }),
  ]),
);

export type FaultFile = z.infer<typeof faultFileSchema>;

/** Reads a faults file; throws an error that names the file and what is wrong in it. */
export async function readFaults(path: string): Promise<FaultFile> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`the faults file ${path} cannot be read`);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error(`the faults file ${path} is not JSON`);
  }
  const read = faultFileSchema.safeParse(content);
  if (!read.success) throw new Error(`the faults file ${path} is not one: ${z.prettifyError(read.error)}`);
  return read.data;
}
