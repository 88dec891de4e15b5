import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isOfferable } from '../../domain/machine.ts';
import { burnins, disks, humanSteps, machines, tickets } from '../../mdb/schema.ts';
import { countEffect, type FleetMachine, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** Place of a simulated machine, and the id that Farrier gives it. */
interface Sick {
  readonly place: string;
  readonly id: string;
}

describe('a rack with faults', () => {
  let whole: Whole;
  let sick: (unit: number) => Sick;

  beforeAll(async () => {
    const at = (unit: number, fault: object) => ({ machine: `s001-u${String(unit).padStart(2, '0')}`, fault });
    whole = await wholeFarrier({
      racks: 1,
      perRack: 9,
      speed: 10,
      faults: [
        at(1, { kind: 'dead-disk' }),
        at(2, { kind: 'bad-dimm', slot: 1 }),
        at(3, { kind: 'wrong-port', port: 'Ethernet999' }),
        // Comes when the machine whose port it is cabled to is in service.
        at(4, { kind: 'no-boot' }),
        at(5, { kind: 'foreign-disk', content: 'ext4' }),
        at(6, { kind: 'nonsense-inventory' }),
        at(7, { kind: 'boot-loop', seconds: 1 }),
      ],
    });
    const response = await fetch(`${whole.sim}/machines`);
    const { machines: all } = (await response.json()) as { machines: { id: string; machineId: string }[] };
    sick = (unit) => {
      const place = `s001-u${String(unit).padStart(2, '0')}`;
      return { place, id: all.find((one) => one.id === place)?.machineId ?? '' };
    };
  }, 900_000);
  afterAll(() => whole?.close());

  const farrier = async (...args: string[]) => {
    const env = { ...process.env, FARRIER_API: whole.api, FARRIER_USER: 'ann' };
    const { stdout } = await run(join(root, 'farrier'), args, { env });
    return stdout;
  };
  const mend = (place: string, kind: string) =>
    fetch(`${whole.sim}/machines/${place}/fault?kind=${kind}`, { method: 'DELETE' });
  const restart = (place: string) =>
    fetch(`${whole.sim}/machines/${place}/power`, { method: 'POST', body: JSON.stringify({ do: 'ForceRestart' }) });
  const rowOf = async (id: string): Promise<FleetMachine> => {
    const [row] = await whole.up.mdb.select().from(machines).where(eq(machines.id, id));
    if (!row) throw new Error(`no machine ${id}`);
    return row;
  };

  /** Waits until a person is asked about the machine. */
  async function asked(id: string, question: RegExp) {
    await whole.until((rows) => question.test(rows.find((row) => row.id === id)?.held ?? ''), 240);
    // What the agent reported holds the machine at once; its passage hears of it and asks a moment later.
    const steps = () =>
      whole.up.mdb
        .select()
        .from(humanSteps)
        .where(and(eq(humanSteps.machineId, id), isNull(humanSteps.answeredAt)));
    await expect.poll(steps).toHaveLength(1);
    const [step] = await steps();
    if (!step) throw new Error(`${id} is held and nobody is asked`);
    const open = () =>
      whole.up.mdb
        .select()
        .from(tickets)
        .where(and(eq(tickets.machineId, id), isNull(tickets.closedAt)));
    await expect.poll(open).toHaveLength(1);
    // What is held is seen where a person would look.
    expect(await farrier('machine', 'show', id)).toMatch(question);
    expect(await farrier('step', 'list')).toContain(step.id);
    return step;
  }

  const inService = (id: string) =>
    whole.until((rows) => rows.find((row) => row.id === id)?.stage === 'in_service', 240);

  test('the healthy ones are in service', async () => {
    await inService(sick(8).id);
    await inService(sick(9).id);
  });

  test('a dead disk: the step names it; exchanged and answered, the birth goes on', async () => {
    const { place, id } = sick(1);
    const step = await asked(id, /partition.*serial|serial.*partition/is);
    const [disk] = await whole.up.mdb.select().from(disks).where(eq(disks.machineId, id)).orderBy(disks.name);
    expect(step.question).toContain(disk?.serial);
    await mend(place, 'dead-disk');
    await farrier('step', 'answer', step.id, 'retry');
    await inService(id);
  });

  test('a bad DIMM: the debug image, failing, not offerable, and the result is kept', async () => {
    const { id } = sick(2);
    await inService(id);
    const row = await rowOf(id);
    expect(row).toMatchObject({ repairState: 'failing', bootState: 'healthy' });
    expect(row.requiredImage).toMatch(/debug/);
    expect(isOfferable(row)).toBe(false);
    const [burnin] = await whole.up.mdb.select().from(burnins).where(eq(burnins.machineId, id));
    expect(burnin).toMatchObject({ verdict: 'fail' });
    expect(burnin?.finding).toMatch(/memory.*DIMM/i);
  });

  test('an unknown port: held, not guessed; cabled right and restarted it goes on by itself', async () => {
    const { place, id } = sick(3);
    await asked(id, /Ethernet999/);
    expect(await rowOf(id)).toMatchObject({ rackId: null, hostname: null, address: null });
    await mend(place, 'wrong-port');
    await restart(place);
    await inService(id);
  });

  test('two machines on one slot: the second is held and names the first', async () => {
    const { place, id } = sick(4);
    await inService(sick(9).id);
    const fault = JSON.stringify({ kind: 'duplicate-slot', of: 's001-u09' });
    await fetch(`${whole.sim}/machines/${place}/fault`, { method: 'PUT', body: fault });
    await mend(place, 'no-boot');
    await restart(place);
    const step = await asked(id, /s001-u09/);
    expect(step.question).toContain(sick(9).id);
    await mend(place, 'duplicate-slot');
    await restart(place);
    await inService(id);
  });

  test('foreign data is never wiped unasked, and wiped when a person says so', async () => {
    const { id } = sick(5);
    const step = await asked(id, /ext4/);
    const before = await whole.journal();
    expect([...countEffect(before, 'disk-wiped').keys()]).not.toContain(sick(5).place);
    await expect(farrier('step', 'answer', step.id, 'maybe')).rejects.toMatchObject({
      stderr: expect.stringMatching(/wipe/),
    });
    await farrier('step', 'answer', step.id, 'wipe');
    await inService(id);
    expect((await rowOf(id)).wipeReason).toMatch(/said so/);
  });

  test('an inventory of nonsense: refused with the reason; the next good one goes on', async () => {
    const { place, id } = sick(6);
    await asked(id, /inventory/);
    await mend(place, 'nonsense-inventory');
    await restart(place);
    await inService(id);
  });

  test('a boot loop: bounded, then a person', async () => {
    const { place, id } = sick(7);
    const step = await asked(id, /boot/i);
    await mend(place, 'boot-loop');
    await farrier('step', 'answer', step.id, 'retry');
    await restart(place);
    await inService(id);
  });

  test('in the end all are in service, each installed by one hand-over', async () => {
    const rows = await whole.until((all) => all.length === 9 && all.every((row) => row.stage === 'in_service'), 240);
    expect(rows.filter((row) => isOfferable(row))).toHaveLength(8);
    const journal = await whole.journal();
    expect([...countEffect(journal, 'handed-over').values()]).toEqual(Array(9).fill(1));
  });
});
