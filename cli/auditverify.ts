/** Verifying the audit: every row is read and its hash computed here, so that no word of the API is believed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { type ChainRow, parseRow } from '../domain/audit/chain.ts';
import { type ChainOutcome, type WalkOptions, walkChain } from '../domain/audit/walk.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { moment } from './format.ts';
import { readHead } from './head.ts';

interface VerifyOptions {
  readonly file?: string;
  readonly head?: string;
  readonly after?: number;
}

export function addAuditVerify(audit: Command, open: () => Context): void {
  audit
    .command('verify')
    .description('walk the chain and name its first row that is not as it was written')
    .option('--file <file>', 'verify an export instead, without asking Farrier')
    .option(
      '--head <file|hash>',
      'a head that was kept elsewhere: what this command wrote with --json, an export, a hash, or row:hash',
    )
    .option('--after <row>', 'begin after this row, and take it for right', wholeNumber(1, 999_999_999))
    .addHelpText(
      'after',
      `
Ends with 0 when the chain is whole, ${exits.broken} when a row was changed, removed, put in, moved or backdated,
${exits.cut} when the head that was kept is not in it, 1 when it could not be read.`,
    )
    .action(async ({ file, head, after = 0 }: VerifyOptions) => {
      const { api, screen } = open();
      const kept = head === undefined ? undefined : await readHead(head);
      const lines = file === undefined ? api.auditRows(Math.max(0, after - 1)) : readLines(file);
      const outcome = await verify(lines, after, { kept });
      screen.answer(outcome, () => screen.line(sentenceOf(outcome)));
      if (outcome.fault !== null) process.exitCode = outcome.fault.kind === 'cut' ? exits.cut : exits.broken;
    });
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

async function verify(lines: AsyncIterable<string>, after: number, options: WalkOptions): Promise<ChainOutcome> {
  let walk = after === 0 ? walkChain(digest, options) : null;
  for await (const line of lines) {
    const row = mustParse(line);
    if (walk !== null) {
      if (!walk.take(row)) break;
    } else if (row.id === after) walk = walkChain(digest, { ...options, from: { row: row.id, hash: row.hash } });
    else if (row.id > after) break;
  }
  if (walk === null) throw new Error(`there is no row ${after} to begin after`);
  return walk.end();
}

function mustParse(line: string): ChainRow {
  const row = parseRow(line);
  if (row === null) throw new Error(`this is not a row of the audit: ${line.slice(0, 80)}`);
  return row;
}

async function* readLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  failed.catch(() => {});
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line.trim() !== '') yield line;
  if (input.errored) await failed;
}

function sentenceOf({ rows, head, fault }: ChainOutcome): string {
  const whole = head === null ? 'No row' : `${rows} rows are whole, to row ${head.row} of ${moment(head.at)}`;
  if (fault !== null) return `BROKEN (${fault.kind}): ${fault.message}. ${whole}.`;
  return head === null ? 'The audit is empty.' : `${whole}.\nIts head, to keep elsewhere: ${head.row}:${head.hash}`;
}
