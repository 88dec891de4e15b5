import { readdir } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { bmcs, rotations } from '../../mdb/schema.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { type KillBench, moments, openKillBench } from './killing.ts';

let bench: KillBench | null;
beforeAll(async () => {
  bench = await openKillBench();
});
afterAll(() => bench?.close());

describe.concurrent.each(moments)('a worker that is killed %s', (moment) => {
  test('of a new password leaves one that works and is known, set once', async ({ skip, expect }) => {
    if (!bench) return skip('no Temporal server');
    const { mdb } = bench.db;
    let known: Record<string, string> = {};
    const killed = await bench.kill({
      // It locks everybody out after three wrong passwords.
      personality: 'supermicro',
      kind: 'rotate-password',
      command: { method: 'PATCH', path: '/redfish/v1/AccountService/Accounts/1' },
      moment,
      inspect: async (folder) => {
        const names = await readdir(folder);
        const secrets = names.map(async (name) => [name, (await secretFolder(folder).credentials(name)).password]);
        known = Object.fromEntries(await Promise.all(secrets));
      },
    });
    const effects = (name: string) => killed.journal.filter(({ effect }) => effect === name).length;
    const states = moment === 'before sending' ? ['not_done', 'done'] : ['done'];
    expect(killed.results.map(({ state }) => state)).toEqual(states);
    expect(effects('password-changed')).toBe(1);
    expect([effects('session-refused'), effects('locked-out')]).toEqual([0, 0]);
    const [machineId = ''] = killed.intents.map((row) => row.machineId);
    const [row] = await mdb.select().from(bmcs).where(eq(bmcs.machineId, machineId));
    const inForce = killed.machine.state.controller?.accounts?.['1']?.password;
    expect(inForce).toBeDefined();
    expect(known[row?.secretRef ?? '']).toBe(inForce);
    // What was staged and never sent is no password of anything.
    expect(Object.keys(known)).toHaveLength(2);
    const open = await mdb.select().from(rotations).where(eq(rotations.machineId, machineId));
    expect(open.map((one) => one.inForce)).toEqual(['new']);
    expect(JSON.stringify([killed.results, killed.intents, open])).not.toContain(inForce);
  });
});
