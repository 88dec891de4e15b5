import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { SetupStep } from '../../cli/up/steps.ts';
import { cut, formatSeconds, machineLine, rackLine, render, stepLine, type UpPicture } from '../../cli/up/view.ts';
import { type FleetFigures, foldRacks, type UpMachine } from '../../cli/up/watch.ts';

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

const machine = (change: Partial<UpMachine> = {}): UpMachine => ({
  id: 'm-020000000001',
  hostname: 'r01-u03.home.example',
  rack: 'r01',
  unit: 3,
  stage: 'configured',
  opState: 'disabled',
  held: null,
  step: 'burnin',
  percent: 40.4,
  seconds: 12.3,
  ...change,
});

function fleetOf(machines: readonly UpMachine[]): FleetFigures {
  const rows = machines.map((one) => ({
    rack: one.rack,
    stage: one.stage,
    machines: 1,
    held: one.held === null ? 0 : 1,
  }));
  const racks = foldRacks(rows);
  const inService = machines.filter((one) => one.stage === 'in_service').length;
  const held = machines.filter((one) => one.held !== null).length;
  return { racks, machines, total: machines.length, inService, held, births: null };
}

const picture = (change: Partial<UpPicture> = {}): UpPicture => ({
  steps: [],
  services: [],
  fleet: null,
  expected: 0,
  notes: [],
  places: [],
  ...change,
});

const step = (change: Partial<SetupStep>): SetupStep => ({
  title: 'Temporal',
  state: 'done',
  seconds: 1,
  share: null,
  note: '',
  ...change,
});

test('a machine shows its place on the belt, its step and how long it has been at it', () => {
  expect(plain([machineLine(machine(), 80)])).toEqual([
    '▸ r01-u03          ━━━━━━━━━───────── configured  burnin 40 %               12 s',
  ]);
});

test('a machine without a name yet goes by its id, one in service by both', () => {
  const [young, done] = plain([
    machineLine(machine({ hostname: null, stage: 'racked', step: null, percent: null }), 80),
    machineLine(machine({ stage: 'in_service', opState: 'production', step: null }), 80),
  ]);
  expect(young).toMatch(/^▸ m-020000000001 +━━━─+ racked/);
  expect(done).toMatch(/^✔ r01-u03 +━{18} in_service +m-020000000001 +12 s$/);
});

test('a held machine tells why, cut to the line', () => {
  const held = machine({ held: 'the switch port Ethernet9 of leaf-7 is not in the MDB; define it' });
  expect(plain([machineLine(held, 80)])[0]).toMatch(/^▲ r01-u03 .* the switch port Ethe.*… +12 s$/);
});

test('no line is longer than the terminal or lost in it', () => {
  const machines = Array.from({ length: 8 }, (_, i) => machine({ id: `m-0200000000${10 + i}`, unit: i + 1 }));
  const places = [['Temporal Web UI', 'http://127.0.0.1:8233']] as const;
  for (const columns of [40, 80, 200]) {
    const lines = plain(render(picture({ fleet: fleetOf(machines), expected: 8, places }), { columns, rows: 24 }));
    expect(lines.every((line) => line.length <= columns)).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.at(-1)).toContain('http://127');
  }
});

test('more machines than lines are folded into racks, and more racks than lines are counted', () => {
  const machines = Array.from({ length: 4000 }, (_, i) =>
    machine({ rack: `r${Math.floor(i / 40)}`, stage: i % 2 ? 'in_service' : 'profiled' }),
  );
  const fleet = { ...fleetOf(machines), machines: [] };
  const lines = plain(render(picture({ fleet, expected: 4000 }), { columns: 120, rows: 24 }));
  expect(lines.join('\n')).toMatch(/2000 of 4000 in service/);
  expect(lines.find((line) => line.includes('r0 '))).toMatch(/20\/40 {2}20 profiled/);
  expect(lines.at(-1)).toMatch(/… \d+ more racks/);
  expect(lines.length).toBeLessThanOrEqual(24);
});

test("a rack's bar is as long as the rack, furthest first", () => {
  const rack = { rack: 'r01', machines: 8, stages: { in_service: 4, profiled: 3, racked: 1 }, held: 1 };
  expect(plain([rackLine(rack, 120)])).toEqual(['  r01              ████▓▓▓·     4/8  3 profiled, 1 racked  1 held']);
});

test('machines that were not heard from yet are counted', () => {
  const lines = plain(render(picture({ fleet: fleetOf([machine()]), expected: 8 }), { columns: 80, rows: 24 }));
  expect(lines.join('\n')).toContain('0 of 8 in service, 7 not heard from yet');
});

test('set-up shows every step with its time, share and note', () => {
  const steps = [
    step({}),
    step({ title: 'Boot image', state: 'running', seconds: 75, share: 0.5, note: 'kernel' }),
    step({ title: 'Services', state: 'waiting', seconds: 0 }),
  ];
  expect(plain(steps.map(stepLine))).toEqual([
    '✔ Temporal                             1.0 s',
    '▸ Boot image                            75 s  ━━━━━━━━━━────────── kernel',
    '· Services',
  ]);
});

test('U-3: a note that is longer than the line is told whole, below', () => {
  const note =
    'building the Temporal CLI with Go, once, in 5 to 10 minutes (TEMPORAL_ADDRESS takes seconds): 3 of 1298';
  const lines = plain(
    render(picture({ steps: [step({ state: 'running', share: 0.1, note })] }), { columns: 80, rows: 24 }),
  );
  expect(
    lines
      .slice(1, 3)
      .map((line) => line.trim())
      .join(' '),
  ).toBe(note);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('a service that crashed has a line with its log, as long as it is down', () => {
  const service = {
    name: 'birther',
    state: 'restarting',
    pid: null,
    restarts: 2,
    lastEnd: 'signal SIGKILL',
    addresses: {},
    log: '/l',
  } as const;
  const lines = plain(render(picture({ services: [service] }), { columns: 100, rows: 24 }));
  expect(lines[0]).toBe('  ! birther ended (signal SIGKILL) and is started again; log: /l');
});

test.each([
  [0.44, '0.4 s'],
  [9.96, '10 s'],
  [99, '99 s'],
  [185, '3:05'],
  [7385, '2:03:05'],
  [-1, '0.0 s'],
])('%s seconds read %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test('a painted line is cut by what is seen of it', () => {
  expect(cut('\u001b[32mabcdef\u001b[39m', 4)).toBe('\u001b[32mabc…\u001b[39m');
});
