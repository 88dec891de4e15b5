import type { DisruptionPolicy, GroupsInput, LeaveInput, LeaveResult, MoveInput } from '../../contract/outage.ts';
import type { PassageReference } from '../../contract/passage.ts';
import type { PoolPolicy } from '../../domain/pools.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { groupsFor, type MachineGroups } from '../../mdb/permits/groups.ts';
import { leaveProduction } from '../../mdb/service/capacity.ts';
import { readPool } from '../../mdb/service/pools.ts';
import { actorOf, stateOf } from '../passage/order.ts';
import { moveMachine } from './move.ts';

/** Transactions that take a machine out of service and put it back. Each may run more than once. */
export function createOutageActivities(mdb: Mdb) {
  return {
    /** Takes the machine out of production, if its owners' capacity allows that now. */
    leaveService(input: LeaveInput): Promise<LeaveResult> {
      const { machineId, orderId, to, dryRun } = input;
      return acting(mdb, actorOf(input), orderId, async (tx): Promise<LeaveResult> => {
        const machine = await passage.lockMachine(tx, machineId);
        const policy = policyOf(await readPool(tx, machine.pool));
        const takeOut = await leaveProduction(tx, { machineId, to, dryRun });
        await passage.noteStep(tx, orderId, takeOut.left ? null : takeOut.held);
        if (!takeOut.left) return { left: false, reason: takeOut.held, state: stateOf(machine), policy };
        if (machine.opState !== 'production' || dryRun) return { left: true, state: stateOf(machine), policy };
        await record(tx, { actor: actorOf(input), action: 'machine.left', machineId, orderId, detail: { to } });
        return { left: true, state: stateOf({ ...machine, opState: to }), policy };
      });
    },

    moveMachine: (input: MoveInput) => moveMachine(mdb, input),

    /** The machine's groups whose permits an operation takes beside the fleet's: by policy, and by its order. */
    readGroups({ machineId, operation, named }: GroupsInput): Promise<MachineGroups> {
      return groupsFor(mdb, machineId, operation, named);
    },

    /** How the machine's pool wants it treated. */
    readPolicy({ machineId, orderId, ...order }: PassageReference): Promise<DisruptionPolicy> {
      return acting(mdb, actorOf(order), orderId, async (tx) => {
        const machine = await passage.lockMachine(tx, machineId);
        return policyOf(await readPool(tx, machine.pool));
      });
    },
  };
}

export type OutageActivities = ReturnType<typeof createOutageActivities>;

const minute = 60_000;

function policyOf(policy: PoolPolicy): DisruptionPolicy {
  return {
    drains: policy.drain !== 'none',
    drainLimit: policy.drainTimeout * 1000,
    onDrainTimeout: policy.onDrainTimeout,
    soak: policy.soakMinutes * minute,
    healthRetries: policy.healthRetries,
    rebootLimit: policy.rebootTimeout * 1000,
  };
}
