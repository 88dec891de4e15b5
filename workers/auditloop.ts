/** Verifies the audit again and again, and sends it where it is kept besides. It reads the table; no writer waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRow } from '../domain/audit/chain.ts';
import type { Milliseconds, Seconds } from '../domain/duration.ts';
import type { AuditRecord } from '../integrations/audit/record.ts';
import type { AuditSink } from '../integrations/audit/sink.ts';
import { type ChainLine, readChain } from '../mdb/audit/chain.ts';
import { type AuditMark, readMark, setMark, streamPrefix } from '../mdb/audit/marks.ts';
import { verifyOn } from '../mdb/audit/verify.ts';
import { openClaims } from '../mdb/claim.ts';
import type { Mdb } from '../mdb/connect.ts';

export interface AuditLoopOptions {
  readonly mdb: Mdb;
  /** By how each place is written in the configuration. */
  readonly sinks: ReadonlyMap<string, AuditSink>;
  readonly log: { warn(detail: object, message: string): void };
  /** Between two looks for new rows; 2,000 unless told. */
  readonly idleMs?: Milliseconds;
  /** Between two verifications of what is new; 60,000 unless told. */
  readonly verifyMs?: Milliseconds;
  /** Between two of the whole chain; a day unless told. */
  readonly wholeEvery?: Seconds;
}

export interface AuditLoop {
  stop(): Promise<void>;
}

/** Rows that are sent at once. */
const batchRows = 500;
const maxPauseMs: Milliseconds = 60_000;

export function startAuditLoop(options: AuditLoopOptions): AuditLoop {
  const { mdb, sinks, log, idleMs = 2000, verifyMs = 60_000, wholeEvery = 86_400 } = options;
  const abort = new AbortController();
  // Of several such processes one does each of these at a time.
  const claims = openClaims(mdb.$client);

  /** Works until it is stopped: at once where there is more, after a pause where there is none, later after trouble. */
  async function lane(
    name: string,
    pauseMs: Milliseconds,
    work: () => Promise<'more' | 'idle' | 'trouble'>,
  ): Promise<void> {
    for (let troubled = 0; !abort.signal.aborted; ) {
      const done = await claims.hold(name, 0, work).catch((error: unknown) => {
        if (!abort.signal.aborted)
          log.warn({ lane: name, error: String(error) }, 'the MDB does not answer; the audit waits');
        return 'trouble' as const;
      });
      troubled = done === 'trouble' ? troubled + 1 : 0;
      if (done === 'more') continue;
      await sleep(Math.min(maxPauseMs, pauseMs * 2 ** Math.min(troubled, 10)), undefined, {
        signal: abort.signal,
      }).catch(() => {});
    }
  }

  const verify = async () => {
    const { fault } = await verifyOn(mdb, wholeEvery, abort.signal);
    if (fault !== null) log.warn({ fault }, 'the chain of the audit is broken');
    return 'idle' as const;
  };
  const lanes = [
    lane('audit', verifyMs, verify),
    ...[...sinks].map(([to, sink]) => lane(`audit ${to}`, idleMs, () => sendMore({ mdb, to, sink, log }))),
  ];
  return {
    async stop() {
      abort.abort();
      await Promise.all(lanes);
    },
  };
}

interface Sending extends Pick<AuditLoopOptions, 'mdb' | 'log'> {
  readonly to: string;
  readonly sink: AuditSink;
}

/** Sends what comes after the row that the place has last, and marks it once the place has it. */
async function sendMore({ mdb, to, sink, log }: Sending): Promise<'more' | 'idle' | 'trouble'> {
  const id = `${streamPrefix}${to}`;
  const mark = await readStart(mdb, id, (row) =>
    log.warn({ to, row }, 'the row of the audit that was sent last is not there any more: all is sent again'),
  );
  const lines = await readChain(mdb, mark.row, batchRows);
  const last = lines.at(-1);
  if (last === undefined) {
    if (mark.row === 0) await setMark(mdb, id, { ...mark, trouble: null });
    return 'idle';
  }
  let remark: string | null;
  try {
    remark = await sink(lines.map(mustRead));
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    log.warn({ to, trouble }, 'the audit cannot be sent; it waits');
    await setMark(mdb, id, { ...mark, trouble });
    return 'trouble';
  }
  if (remark !== null) log.warn({ to, remark }, 'not all of the audit was kept there');
  await setMark(mdb, id, { row: last.id, hash: last.hash, rows: mark.rows + lines.length, trouble: remark });
  return lines.length < batchRows ? 'idle' : 'more';
}

/** Where to go on; from the beginning where the chain is another one, as after a database was restored. */
async function readStart(mdb: Mdb, id: string, lost: (row: number) => void): Promise<AuditMark> {
  const mark = await readMark(mdb, id);
  if (mark.row === 0) return mark;
  const [there] = await readChain(mdb, mark.row - 1, 1);
  if (there?.id === mark.row && there.hash === mark.hash) return mark;
  lost(mark.row);
  return { ...mark, row: 0, hash: '', rows: 0 };
}

function mustRead({ id, line }: ChainLine): AuditRecord {
  const row = parseRow(line);
  if (row === null) throw new Error(`row ${id} of the audit is not in the form of this version`);
  return { row, line };
}
