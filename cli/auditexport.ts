import { open as openFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseRow } from '../domain/audit/chain.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { readHead } from './head.ts';

export function addAuditExport(audit: Command, open: () => Context): void {
  audit
    .command('export')
    .description('write the audit as one JSON object a line, oldest first; `audit verify --file` verifies it')
    .option('--file <file>', 'add to this file what it does not have yet; standard output by default')
    .option('--after <row>', 'begin after this row', wholeNumber(0, 999_999_999))
    .action(async ({ file, after }: { file?: string; after?: number }) => {
      const { api, screen } = open();
      if (file === undefined) {
        for await (const row of api.auditRows(after)) screen.line(row);
        return;
      }
      const begun = after ?? (await lastRow(file));
      const { rows, last } = await append(file, api.auditRows(begun));
      screen.answer({ file, rows, last: last ?? begun }, () =>
        screen.line(
          rows === 0 ? `${file} has everything already.` : `${rows} rows were added to ${file}, to row ${last}.`,
        ),
      );
    });
}

/** Where an export that is there ends, whose last line may have been cut off; 0 for a file that there is not. */
async function lastRow(file: string): Promise<number> {
  const handle = await openFile(file, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return 0;
  try {
    const { size } = await handle.stat();
    if (size === 0) return 0;
    const end = await lineEnd(handle, size);
    await handle.truncate(end);
    if (end === 0) return 0;
  } finally {
    await handle.close();
  }
  const { row } = await readHead(file);
  return row ?? 0;
}

type Handle = Awaited<ReturnType<typeof openFile>>;

async function lineEnd(handle: Handle, size: number): Promise<number> {
  const step = 65_536;
  for (let end = size; end > 0; end -= step) {
    const from = Math.max(0, end - step);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(end - from), position: from });
    const found = buffer.subarray(0, bytesRead).lastIndexOf('\n');
    if (found >= 0) return from + found + 1;
  }
  return 0;
}

async function append(file: string, lines: AsyncIterable<string>): Promise<{ rows: number; last: number | null }> {
  const handle = await openFile(file, 'a', 0o600);
  try {
    let rows = 0;
    let last: string | null = null;
    let waiting: string[] = [];
    const flush = async () => {
      await handle.appendFile(waiting.map((line) => `${line}\n`).join(''));
      waiting = [];
    };
    for await (const line of lines) {
      waiting.push(line);
      rows += 1;
      last = line;
      if (waiting.length >= 500) await flush();
    }
    await flush();
    await handle.sync();
    return { rows, last: last === null ? null : (parseRow(last)?.id ?? null) };
  } finally {
    await handle.close();
  }
}
