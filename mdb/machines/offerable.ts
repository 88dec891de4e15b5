import { sql } from 'drizzle-orm';

/**
 * Whether the machine `m` may be offered as capacity: the same as `isOfferable` of `domain/machine.ts`, for whoever
 * counts. No other place in the MDB says it.
 */
export const offerableSql = sql`(m.stage = 'in_service' and m.op_state = 'production' and m.repair_state = 'none')`;
