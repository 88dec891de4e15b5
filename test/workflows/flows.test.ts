/** BrainSlug's flows as a model: every edge for whom it is for, and no other, for anybody (S3.11, S3.12, S3.14). */
import { desc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moveMachine } from '../../activities/outage/move.ts';
import { judgeMove, type Move, type Route, type Trigger } from '../../domain/flows.ts';
import { actorClasses, legalEdges, type OpState, opStates } from '../../domain/machine.ts';
import { audit, machines, orders, stateHistory } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

/** As in CERN's picture and talk; the product's own table is not what this is made from. */
const common = [
  'production → draining: start (system)',
  'draining → hard_reboot: drained (node)',
  'draining → hard_reboot: drain time-out (node)',
  'hard_reboot → disabled: booted (node)',
  'disabled → production: check passed (node)',
  'disabled → disabled: check failed (node)',
  // Asked for by the payload.
  'disabled → draining: post-reboot state (system)',
  'disabled → intervention: post-reboot state (system)',
];
const table: Readonly<Record<Route, readonly string[]>> = {
  basic: [...common, 'draining → production: stop draining (user)', 'draining → production: called off (system)'],
  orchestrated: [
    ...common,
    'draining → disabled: restore (user)',
    'draining → disabled: called off (system)',
    'draining → intervention: drained for a person (system)',
    'hard_reboot → intervention: reboot time-out (system)',
    'disabled → intervention: checks used up (system)',
    'intervention → disabled: operator (user)',
  ],
  passage: [
    'production → disabled: undrained (system)',
    'draining → disabled: work begins (system)',
    'hard_reboot → disabled: stayed silent (system)',
  ],
};
const routes = Object.keys(table) as Route[];
const triggers = [...new Set(Object.values(table).flatMap((lines) => lines.map(triggerOf)))];
const movers = [null, ...actorClasses] as const;

function triggerOf(line: string): Trigger {
  return line.replace(/^.*: | \(.*$/g, '') as Trigger;
}

const every: readonly Move[] = routes.flatMap((flow) =>
  opStates.flatMap((from) =>
    opStates.flatMap((to) => triggers.map((trigger) => ({ flow, from, to, trigger }) satisfies Move)),
  ),
);
const lineOf = ({ flow, from, to, trigger }: Move) =>
  table[flow].find((line) => line.startsWith(`${from} → ${to}: ${trigger} (`));

describe('the flows', () => {
  test('have each of these edges for whom it is for, and no other, for nobody', () => {
    for (const move of every)
      for (const by of movers) {
        const line = lineOf(move);
        const actor = line?.replace(/^.*\(|\)$/g, '');
        const may = line !== undefined && (by === null ? actor !== 'user' : by === actor);
        const judged = judgeMove(move, by);
        expect(typeof judged === 'object', `${JSON.stringify(move)} by ${by}`).toBe(may);
        if (typeof judged === 'object') expect(judged.actor).toBe(actor);
      }
  });

  test('are what the MDB lets a state do, and it lets it do nothing else', () => {
    const pairs = new Set(
      Object.values(table)
        .flat()
        .map((line) => line.replace(/:.*$/, '')),
    );
    const legal = Object.entries(legalEdges.op_state).flatMap(([from, tos]) => tos.map((to) => `${from} → ${to}`));
    pairs.delete('disabled → disabled');
    expect([...pairs].sort()).toEqual(legal.sort());
  });
});

describe('a move in the MDB', () => {
  let at: ThrowawayMdb;
  let made = 0;
  beforeAll(async () => {
    at = await throwawayMdb();
    await writeSite(at.mdb);
  });
  afterAll(() => at?.close());

  async function machineAt(opState: OpState): Promise<{ machineId: string; siteId: string; orderId: string }> {
    made += 1;
    const mac = `52:54:01:00:${(made >> 8).toString(16).padStart(2, '0')}:${(made & 255).toString(16).padStart(2, '0')}`;
    const machineId = `m-${mac.replaceAll(':', '')}`;
    await at.mdb.insert(machines).values({ id: machineId, siteId: 'home', mac, opState, stage: 'in_service' });
    const orderId = `reboot-${machineId}`;
    const row = { id: orderId, machineId, passage: 'reboot', requester: 'ann', reason: 'a test' } as const;
    await at.mdb.insert(orders).values(row);
    return { machineId, siteId: 'home', orderId };
  }

  const stateOf = async (id: string) => (await at.mdb.select().from(machines).where(eq(machines.id, id)))[0]?.opState;
  const lastWord = async (id: string) => (await at.mdb.select().from(audit).where(eq(audit.machineId, id)).limit(1))[0];

  test.each(every.filter((move) => lineOf(move) !== undefined && move.from !== move.to))(
    '$flow: from $from to $to by $trigger is written down with whose edge it is, once',
    async (move) => {
      const actor = lineOf(move)?.replace(/^.*\(|\)$/g, '');
      const { machineId, ...order } = await machineAt(move.from);
      const { flow, trigger, to: opState, from } = move;
      const by = actor === 'user' ? { by: 'ann' } : {};
      const input = { ...order, machineId, passage: 'reboot', opState, flow, trigger, ...by } as const;
      expect(await moveMachine(at.mdb, input)).toMatchObject({ opState });
      expect(await moveMachine(at.mdb, input)).toMatchObject({ opState });
      expect(await stateOf(machineId)).toBe(opState);
      const words = await at.mdb.select().from(audit).where(eq(audit.machineId, machineId));
      expect(words).toHaveLength(1);
      expect(words[0]).toMatchObject({ actorClass: actor, actor: by.by ?? 'reboot', detail: { from, flow, trigger } });
      const [past] = await at.mdb
        .select()
        .from(stateHistory)
        .where(eq(stateHistory.machineId, machineId))
        .orderBy(desc(stateHistory.id))
        .limit(1);
      expect(past).toMatchObject({ actor: by.by ?? 'reboot', from, to: opState });
    },
  );

  test('without an edge changes nothing, and a machine can’t do what is an operator’s', async () => {
    const wrong = every.filter((move) => lineOf(move) === undefined && move.from !== move.to);
    // One wrong way out of each state for every trigger of every flow, and each operator's edge by the machine itself.
    const picked = new Map(wrong.map((move) => [`${move.flow}/${move.trigger}/${move.from}`, move]));
    for (const { flow, trigger, from, to } of picked.values()) {
      const order = await machineAt(from);
      const move = moveMachine(at.mdb, { ...order, passage: 'reboot', opState: to, flow, trigger });
      await expect(move).rejects.toThrow(`the ${flow} flow has no edge from ${from} to ${to}`);
      expect(await stateOf(order.machineId)).toBe(from);
      expect(await lastWord(order.machineId)).toBeUndefined();
    }
    for (const { flow, trigger, from, to } of every.filter((move) => lineOf(move)?.endsWith('(user)'))) {
      const order = await machineAt(from);
      for (const by of [{ by: order.machineId }, {}]) {
        const move = moveMachine(at.mdb, { ...order, passage: 'reboot', opState: to, flow, trigger, ...by });
        await expect(move).rejects.toThrow('is for an operator');
      }
      expect(await stateOf(order.machineId)).toBe(from);
    }
  });
});
