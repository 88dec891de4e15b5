import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOfferable, type OfferState, opStates, repairStates, stages } from '../../domain/machine.ts';
import { offerableSql } from '../../mdb/machines/offerable.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let store: ThrowawayMdb;
beforeAll(async () => {
  store = await throwawayMdb();
});
afterAll(() => store?.close());

test('the MDB and the code say of the same states that a machine may be offered, over all that the MDB knows', async () => {
  const rows = await store.mdb.execute<{ machine: OfferState; offerable: boolean }>(sql`
    select jsonb_build_object('stage', stage, 'opState', op_state, 'repairState', repair_state) as machine,
      ${offerableSql} as offerable
    from (select * from unnest(enum_range(null::stage)) stage, unnest(enum_range(null::op_state)) op_state,
      unnest(enum_range(null::repair_state)) repair_state) m`);
  expect(rows).toHaveLength(stages.length * opStates.length * repairStates.length);
  expect(rows.filter(({ machine, offerable }) => isOfferable(machine) !== offerable)).toEqual([]);
  expect(rows.filter(({ offerable }) => offerable)).toHaveLength(1);
});
