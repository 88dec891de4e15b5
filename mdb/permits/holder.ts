/** What a holder that is gone has left behind: what its machine's permit is judged by. */
import { and, desc, eq, gte, isNotNull } from 'drizzle-orm';
import { leftBehind } from '../../domain/permits/before.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { intents, machines, permits } from '../schema.ts';

export interface Traces {
  /** ISO 8601: the last act on the machine's hardware under this permit; null where none was sent. */
  readonly acted: string | null;
  /** Why the machine is not back where it was; null where it is. */
  readonly left: string | null;
}

/** A machine that was taken out of service and not brought back is out still, however well it runs. */
export async function readTraces(mdb: MdbOrTransaction, permitId: string): Promise<Traces> {
  const [row] = await mdb
    .select({ permit: permits, opState: machines.opState })
    .from(permits)
    .innerJoin(machines, eq(machines.id, permits.machineId))
    .where(eq(permits.id, permitId));
  if (row === undefined) return { acted: null, left: null };
  const { permit, opState } = row;
  const [act] = await mdb
    .select({ at: intents.sentAt })
    .from(intents)
    .where(
      and(eq(intents.machineId, permit.machineId), gte(intents.fence, permit.fence ?? 0), isNotNull(intents.sentAt)),
    )
    .orderBy(desc(intents.sentAt))
    .limit(1);
  return { acted: act?.at?.toISOString() ?? null, left: leftBehind(opState, permit.before) };
}
