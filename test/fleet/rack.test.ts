import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineWorkflowId, passageWorkflowId } from '../../contract/machine.ts';
import { orders, stateHistory } from '../../mdb/schema.ts';
import { birthBudget } from '../../scripts/benches/budget.ts';
import { countHistories } from '../../scripts/benches/histories.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';

const rackOf = 40;

describe('a rack of 40', { timeout: 600_000 }, () => {
  let whole: Whole;
  beforeAll(async () => {
    whole = await wholeFarrier({ racks: 1, perRack: rackOf, speed: 10 });
  }, 900_000);
  afterAll(() => whole?.close());

  test('is born without a person, while worker, dispatcher, birther, API and PostgreSQL are killed', async () => {
    const killed = ['lifecycle', 'birther', 'dispatch', 'postgres', 'hardware', 'api'] as const;
    await whole.until((rows) => rows.length > 0, 240);
    for (const name of killed) {
      const before = whole.supervisor.find(name)?.restarts ?? 0;
      whole.supervisor.signal(name, 'SIGKILL');
      await whole.supervisor.settled(name, before + 1);
    }
    const rows = await whole.until(
      (all) => all.length === rackOf && all.every((row) => row.stage === 'in_service'),
      420,
    );
    expect(rows.every((row) => row.bootState === 'healthy' && row.opState === 'production')).toBe(true);
    expect(new Set(rows.map((row) => row.hostname)).size).toBe(rackOf);
    expect(new Set(rows.map((row) => row.address)).size).toBe(rackOf);
  });

  test('none was born twice: the journal has one installation of each, the MDB one order and one way through the stages', async () => {
    const journal = await whole.journal();
    expect(countEffect(journal, 'installed').size).toBe(rackOf);
    expect(countEffect(journal, 'handed-over').size).toBe(rackOf);
    expect([...countEffect(journal, 'handed-over').values()].every((count) => count === 1)).toBe(true);
    const all = await whole.up.mdb.select().from(orders);
    expect(all.map((order) => order.state)).toEqual(Array(rackOf).fill('done'));
    const history = await whole.up.mdb.select().from(stateHistory).orderBy(stateHistory.id);
    expect(history.filter((row) => row.guarded === 'stage' && row.to === 'in_service')).toHaveLength(rackOf);
    expect(history.filter((row) => row.guarded === 'boot_state' && row.to === 'healthy')).toHaveLength(rackOf);
  });

  test('a birth keeps its budget of tasks, signals, events and bytes', async () => {
    const all = await whole.up.mdb.select().from(orders);
    const connection = await Connection.connect({ address: whole.up.temporal.address });
    try {
      const births = all.map((order) => [
        machineWorkflowId(order.machineId),
        passageWorkflowId(order.machineId, 'birth', order.id),
      ]);
      const counts = await countHistories(new Client({ connection }), births);
      expect(counts.events).toBeGreaterThan(20);
      for (const [name, most] of Object.entries(birthBudget))
        expect(counts[name as keyof typeof counts], name).toBeLessThanOrEqual(most);
    } finally {
      await connection.close();
    }
  });
});
