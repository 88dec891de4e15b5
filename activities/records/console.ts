import { scrubConsole } from '../../domain/records/scrub.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepConsole } from '../../mdb/controllers/consoles.ts';
import { readConsole } from '../../redfish/read/console.ts';
import type { Session } from '../../redfish/session.ts';

/** Keeps the end of the machine's console, or that its controller keeps none. */
export async function archiveConsole(mdb: Mdb, session: Session, machineId: string): Promise<void> {
  const lines = await readConsole(session);
  if (lines === null) return keepConsole(mdb, machineId, [], 'its controller keeps no log of the console');
  const clean = scrubConsole(lines);
  await keepConsole(mdb, machineId, clean, clean.length === 0 ? 'the log of its console is empty' : null);
}
