import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { statusSentence } from '../../api/people/status.ts';
import { machineLine } from '../../cli/up/view.ts';
import type { MachineSummary, OrderView } from '../../contract/api.ts';
import { opStates, repairStates, stages } from '../../domain/machine.ts';
import { keepAlive } from '../../mdb/processes.ts';
import { machines, outbox, processes } from '../../mdb/schema.ts';
import { engageBreaker, releaseBreaker } from '../../mdb/service/circuitbreaker.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());
const ann = { class: 'user', name: 'ann' } as const;

const well = {
  ...{ id: 'm-01', hostname: 'h1', stage: 'in_service', opState: 'production', repairState: 'none', held: null },
  ...{ rack: 'A01', unit: 1, since: null, percent: null, offerable: true },
} as unknown as MachineSummary;
const order = {
  ...{ id: 'o-1', passage: 'reboot', state: 'running', reason: 'x', dryRun: false, pausedBy: null, takenOverBy: null },
  ...{ notBefore: null, requester: 'ann' },
} as unknown as OrderView;
const tell = (machine: Partial<MachineSummary>, more: Partial<OrderView> | null = null, rest: object = {}) =>
  statusSentence({
    ...{ machine: { ...well, ...machine }, order: more && { ...order, ...more }, steps: [], questions: [] },
    ...{ lastMove: null, waited: null, directive: 'wait', quarantine: null, brake: null, boots: 0 },
    ...rest,
  });

describe('O-11: what is told of a machine', () => {
  it('O-11: "it works" only of one that is in service, in production and well', () => {
    expect(tell({})).toMatchObject({ next: 'nothing: it works', blockedOn: 'nothing' });
    const others = stages.flatMap((stage) =>
      opStates.flatMap((opState) => repairStates.map((repairState) => ({ stage, opState, repairState }))),
    );
    for (const one of others) {
      const { next } = tell(one);
      const fine = one.stage === 'in_service' && one.opState === 'production' && one.repairState === 'none';
      expect(next.includes('it works'), JSON.stringify(one)).toBe(fine);
      if (!fine && one.stage !== 'retired' && one.stage !== 'racked')
        expect(tell(one).blockedOn, JSON.stringify(one)).not.toBe('nothing');
    }
    expect(tell({ held: 'two machines say so' }).next).not.toContain('it works');
    expect(tell({}, null, { quarantine: 'another machine showed there' })).toMatchObject({
      next: expect.stringContaining('controller'),
      blockedOn: expect.stringContaining('farrier machine release m-01'),
    });
  });

  it.each<[Partial<MachineSummary>, RegExp]>([
    [{ opState: 'draining' }, /farrier undrain m-01/],
    [{ opState: 'disabled' }, /farrier undrain m-01/],
    [{ opState: 'intervention' }, /farrier undrain m-01/],
    [{ opState: 'hard_reboot' }, /reboot/],
    [{ repairState: 'awaiting_parts' }, /part/],
    [{ repairState: 'failing' }, /farrier repair m-01/],
    [{ stage: 'maintenance', opState: 'disabled' }, /order/],
  ])('O-11: what brings back one that nothing is ordered for: %j', (machine, words) => {
    const { next, blockedOn } = tell(machine);
    expect(`${next} ${blockedOn}`).toMatch(words);
  });

  it.each<[Partial<OrderView>, RegExp, RegExp]>([
    [{ pausedBy: 'bob' }, /nothing until it is resumed/, /bob.*farrier order resume o-1/],
    [{ takenOverBy: 'eve' }, /eve/, /eve/],
    [{ dryRun: true }, /plan/, /workflow/],
    [{ state: 'waiting', notBefore: '2099-01-01T00:00:00.000Z' }, /2099-01-01/, /not before 2099-01-01/],
    [{ passage: 'retire' }, /retired/, /./],
  ])('O-11: what an order comes to: %j', (change, next, blockedOn) => {
    const reported = tell({ stage: change.passage === 'retire' ? 'registered' : 'in_service' }, change);
    expect(reported.next).toMatch(next);
    expect(reported.blockedOn).toMatch(blockedOn);
  });

  it.each(['birth', 'rebirth'] as const)('O-11: that a retired machine comes back by a %s', (passage) => {
    expect(tell({ stage: 'retired', opState: 'disabled' }, { passage }).next).toMatch(/in service again/);
  });

  it('O-11: that the brake holds what is about to leave', () => {
    const reported = tell({}, { state: 'running' }, { brake: 'the storm brake is engaged: heat' });
    expect(reported.blockedOn).toContain('the storm brake is engaged: heat');
    expect(tell({ opState: 'draining' }, { state: 'running' }, { brake: 'the storm brake' }).blockedOn).not.toContain(
      'brake',
    );
  });

  it('O-11: by the API and the list too', async () => {
    await bench.base.mdb.update(machines).set({ opState: 'draining' }).where(eq(machines.id, 'm-02'));
    expect(await bench.farrier('machine', 'show', 'h2')).toMatch(/next +.*farrier undrain m-02/);
    await bench.farrier('reboot', 'h3', '--id', 'p-3');
    await bench.farrier('order', 'pause', 'p-3', '--reason', 'lunch');
    expect(await bench.farrier('ls')).toMatch(/m-03 .*paused by ann/);
  });

  it('O-11: in the picture of `up`, where it is out of production', () => {
    const observed = {
      ...{ id: 'm-1', hostname: 'h1', rack: 'A01', unit: 1, held: null, step: null, percent: null, seconds: 1 },
    };
    const line = (change: object) =>
      machineLine({ ...observed, stage: 'in_service', opState: 'production', ...change } as never, 120);
    expect(line({ opState: 'draining' })).toContain('draining');
    expect(line({ opState: 'intervention' })).toContain('intervention');
    expect(line({ repairState: 'failing' })).toContain('failing');
    expect(line({})).not.toContain('production');
  });
});

describe('O-11: the doctor', () => {
  const finding = async (name: string) => {
    const { body } = await bench.ask('GET', '/doctor');
    const found = body.findings.find((one: { name: string }) => one.name === name);
    return { ...found, all: body.ok };
  };
  afterEach(async () => {
    await bench.base.mdb.delete(outbox);
  });

  it('O-11: tells of an engaged brake, and by whom', async () => {
    expect(await finding('brake')).toMatchObject({ ok: true });
    await engageBreaker(bench.base.mdb, ann, 'the cooling fails', null);
    expect(await finding('brake')).toMatchObject({
      ok: false,
      all: false,
      message: expect.stringMatching(/the cooling fails.*ann|ann.*the cooling fails/),
    });
    await releaseBreaker(bench.base.mdb, ann, 'cool', null);
    expect(await finding('brake')).toMatchObject({ ok: true });
  });

  it('O-11: tells of each process that is not seen, and of a clock that is wrong', async () => {
    const names = ['dispatch', 'lifecycle', 'hardware', 'birther', 'agents'] as const;
    expect(await finding('dispatch')).toMatchObject({ ok: false, message: expect.stringContaining('was ever seen') });
    for (const name of names) await keepAlive(bench.base.mdb, { name, siteId: 'home' });
    for (const name of names) expect(await finding(name)).toMatchObject({ ok: true });
    await bench.base.mdb
      .update(processes)
      .set({ seenAt: new Date(Date.now() - 600_000) })
      .where(eq(processes.name, 'lifecycle'));
    expect(await finding('lifecycle')).toMatchObject({
      ok: false,
      all: false,
      message: expect.stringMatching(/10 min|600 s/),
    });
    expect(await finding('clock')).toMatchObject({ ok: true });
    await keepAlive(bench.base.mdb, { name: 'lifecycle', siteId: 'home' }, new Date(Date.now() - 90_000));
    expect(await finding('clock')).toMatchObject({ ok: false, message: expect.stringMatching(/lifecycle.*90 s/) });
  });

  it('O-11: tells of messages that nobody takes', async () => {
    expect(await finding('outbox')).toMatchObject({ ok: true });
    await bench.base.mdb.insert(outbox).values({
      ...{ key: 'k', kind: 'order', payload: {}, machineId: 'm-01' },
      createdAt: new Date(Date.now() - 20_000),
      nextAt: new Date(Date.now() - 20_000),
    });
    expect(await finding('outbox')).toMatchObject({ ok: false, message: expect.stringContaining('no dispatcher') });
  });

  it('O-11: tells of machines that are out of production and that nobody works on', async () => {
    expect(await finding('aside')).toMatchObject({ ok: false, message: expect.stringContaining('m-02') });
    await bench.base.mdb.update(machines).set({ opState: 'production' }).where(eq(machines.id, 'm-02'));
    expect(await finding('aside')).toMatchObject({ ok: true });
  });

  it('O-11: asks Temporal who polls each queue', async () => {
    const { body } = await bench.ask('GET', '/doctor');
    expect(body.queues).toEqual(['lifecycle', 'hardware/home']);
  });
});
