import type { Mdb } from '../../mdb/connect.ts';
import { keepLogs, logCursors } from '../../mdb/controllers/logs.ts';
import { isConsoleLog } from '../../redfish/read/console.ts';
import { fingerprint, readLogs } from '../../redfish/read/logs.ts';
import type { Session } from '../../redfish/session.ts';

/**
 * Reads what is new in all logs and keeps it, but for consoles: what a machine prints is no event, and may be secret.
 * Gives what could not be read, in words; null when all was.
 */
export async function archiveLogs(mdb: Mdb, session: Session, machineId: string): Promise<string | null> {
  const { logs, cursor, gaps } = await readLogs(session, await logCursors(mdb, machineId), isConsoleLog);
  const records = logs.map(({ path, name, restarted, reached, entries }) => ({
    log: path,
    name,
    restarted,
    reached,
    cursor: cursor[path] ?? [],
    entries: entries.map((entry) => {
      const { id: entryId, ...rest } = entry;
      return { ...rest, entryId, fingerprint: fingerprint(entry) };
    }),
  }));
  await keepLogs(mdb, machineId, records);
  return gaps[0]
    ? `${gaps.length} of its resources could not be read, the first being ${gaps[0].path}: ${gaps[0].reason}`
    : null;
}
