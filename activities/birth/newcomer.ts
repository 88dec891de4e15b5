import type { NewcomerSettled } from '../../contract/birth.ts';
import type { PassageReference } from '../../contract/passage.ts';
import { type Actor, acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { mergeMachines } from '../../mdb/identity/merging.ts';
import { takeCard } from '../../mdb/identity/newcomers.ts';
import * as passage from '../../mdb/orders/passage.ts';

/**
 * Makes a person's word on a newcomer true: it is another node, which has the card that it asked with from now on, or the
 * machine that it looks like, which is then known by what it showed. Given again, it finds what the first did.
 */
export function settleNewcomer(
  mdb: Mdb,
  input: PassageReference & { readonly answer: string; readonly by: string },
): Promise<NewcomerSettled> {
  const { machineId, orderId, answer, by } = input;
  const actor: Actor = { class: 'user', name: by };
  return acting(mdb, actor, orderId, async (tx): Promise<NewcomerSettled> => {
    const machine = await passage.lockMachine(tx, machineId);
    const { resembles, macMovedTo, mac } = machine;
    if (resembles === null)
      return machine.stage === 'retired' && macMovedTo !== null ? { is: 'merged', into: macMovedTo } : { is: 'own' };
    await record(tx, { actor, action: 'newcomer.settled', machineId, orderId, detail: { answer, resembles } });
    if (answer === 'another-node') {
      if (macMovedTo !== null) await takeCard(tx, machineId, macMovedTo, mac);
      await passage.updateMachine(tx, machineId, { resembles: null, held: null });
      return { is: 'own' };
    }
    const lasting = await passage.lockMachine(tx, resembles);
    const { systemUuid, serial } = machine;
    await passage.updateMachine(tx, resembles, {
      ...(systemUuid !== null && { systemUuid }),
      ...(serial !== null && { serial }),
    });
    await mergeMachines(tx, actor, machine, lasting);
    return { is: 'merged', into: resembles };
  });
}
