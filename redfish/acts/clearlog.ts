import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { readLogAt } from '../read/logs.ts';
import { type ActDefinition, notDone } from './definition.ts';

/** What is kept of a log: fingerprints of its entries, and whether that is all of it. Null when it was never read. */
export type Archive = (
  log: string,
) => Promise<{ readonly cursor: readonly string[]; readonly complete: boolean } | null>;

/** Entries of which one that is still there tells that the log was not cleared. */
const witnesses = 64;

/** Clears a log of which every entry is kept (quirk 69): what came after the last reading has to be read first. */
export function clearLog(archive: Archive): ActDefinition<ActParameters['clear-log']> {
  return {
    parameters: z.strictObject({ log: z.string().startsWith('/redfish/').max(512) }),
    plan: async ({ session }, { log }) => {
      const kept = await archive(log);
      if (!kept?.complete) return notDone(`${log} is not archived to its end; nothing was sent`);
      const read = await readLogAt(session, log, kept.cursor);
      if (read === null) return notDone(`the controller has no log ${log}`);
      const { clear, entries, reached } = read;
      if (clear === null) return notDone(`${log} cannot be cleared`);
      if (reached === 'part') return notDone(`${log} cannot be read to its end; nothing was sent`);
      if (entries.length > 0)
        return notDone(`${entries.length} entries of ${log} are newer than the archive; nothing was sent`);
      if (kept.cursor.length === 0) return { state: 'done', observed: `${log} is empty already; nothing was sent` };
      return {
        command: { clear: log },
        before: { entries: kept.cursor.slice(0, witnesses) },
        send: async () => {
          await session.write('POST', clear, {});
          return null;
        },
      };
    },
    observe: async ({ session }, { command, before }) => {
      const log = String(command.clear);
      const read = await readLogAt(session, log, (before.entries ?? []) as string[]);
      if (read === null) return { state: 'unknown', observed: `${log} cannot be read` };
      // Some write down first of all that they were cleared.
      return read.restarted
        ? { state: 'done', observed: `${log} holds nothing of what was in it` }
        : { state: 'unknown', observed: `${log} still holds what was in it` };
    },
    watch: { totalMs: 30_000, intervalMs: 1000 },
  };
}
