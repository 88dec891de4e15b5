import { open } from 'node:fs/promises';
import type { AuditRecord } from './record.ts';

/**
 * Adds lines, and resolves when they are on the disk. Opened for each batch, so that a file which is moved away for
 * another begins anew. A line that a crash left half is taken away: its row comes again.
 */
export async function appendToFile(path: string, records: readonly AuditRecord[]): Promise<null> {
  const handle = await open(path, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const whole = await endOfLines(handle, size);
    if (whole < size) await handle.truncate(whole);
    try {
      await handle.appendFile(records.map(({ line }) => `${line}\n`).join(''));
      await handle.datasync();
      return null;
    } catch (error) {
      await handle.truncate(whole).catch(() => {});
      throw error;
    }
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function endOfLines(handle: Handle, size: number): Promise<number> {
  const step = 65_536;
  for (let end = size; end > 0; end -= step) {
    const from = Math.max(0, end - step);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(end - from), position: from });
    const found = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (found >= 0) return from + found + 1;
  }
  return 0;
}
