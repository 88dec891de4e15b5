import type { MachineState, PassageReference } from '../../contract/passage.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as position from '../../mdb/places/position.ts';
import { actorOf, stateOf } from '../passage/order.ts';

/** The end of a machine's life in the MDB. May run more than once. */
export function createRetireActivities(mdb: Mdb) {
  return {
    /**
     * Gives back name, addresses and place, and ends the order. Row, parts, history and proofs stay; a boot request of it
     * gets the local disk, so that it is never born again by accident.
     */
    retireMachine(input: PassageReference & { note: string }): Promise<MachineState> {
      const { machineId, siteId, orderId, note } = input;
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        const machine = await passage.lockMachine(tx, machineId);
        if (machine.stage === 'retired') return stateOf(machine);
        const { hostname, address, rackId, unit, owner } = machine;
        const change = {
          stage: 'retired',
          opState: 'disabled',
          bootState: 'healthy',
          repairState: 'none',
          hostname: null,
          address: null,
          temporaryAddress: null,
          rackId: null,
          unit: null,
          slot: null,
          owner: null,
          requiredImage: null,
          held: null,
          directive: { do: 'wait' },
        } as const;
        await passage.updateMachine(tx, machineId, change);
        for (const kind of ['main', 'birth'] as const) {
          await position.releaseAddresses(tx, machineId, await position.networksOfKind(tx, siteId, kind));
        }
        await passage.settleStep(tx, orderId, 'prove', 'done', { message: note });
        await passage.endOrder(tx, orderId, 'done', note);
        const detail = { hostname, address, rack: rackId, unit, owner, note };
        await record(tx, { actor: actorOf(input), action: 'machine.retired', machineId, orderId, detail });
        return stateOf({ ...machine, ...change });
      });
    },
  };
}

export type RetireActivities = ReturnType<typeof createRetireActivities>;
