import { expect, test } from 'vitest';
import { changes } from '../../cli/up/changes.ts';
import type { UpPicture } from '../../cli/up/view.ts';
import type { FleetFigures, UpMachine } from '../../cli/up/watch.ts';

const machine = (change: Partial<UpMachine> = {}): UpMachine => ({
  id: 'm-020000000001',
  hostname: null,
  rack: null,
  unit: null,
  stage: 'racked',
  opState: 'disabled',
  held: null,
  step: null,
  percent: null,
  seconds: 1,
  ...change,
});

const fleet = (machines: readonly UpMachine[], change: Partial<FleetFigures> = {}): FleetFigures => ({
  racks: [],
  machines,
  total: machines.length,
  inService: 0,
  held: 0,
  births: null,
  ...change,
});

const picture = (change: Partial<UpPicture>): UpPicture => ({
  steps: [],
  services: [],
  fleet: null,
  expected: 0,
  notes: [],
  places: [],
  ...change,
});

test('U-3: what a step does is told when it turns to something else, not at every count', () => {
  const at = (note: string, state: 'running' | 'done' = 'running') =>
    picture({ steps: [{ title: 'Temporal server', state, seconds: 1, share: null, note }] });
  const building = 'building it, once, in 5 to 10 minutes';
  expect(changes(null, at(building))).toEqual([`Temporal server: ${building}`]);
  expect(changes(at(building), at(`${building}: 3 of 1298 packages`))).toEqual([]);
  expect(changes(at('downloading it: 3 MiB'), at(building))).toEqual([`Temporal server: ${building}`]);
  expect(changes(at(building), at('', 'done'))).toEqual([]);
});

test('a machine is told when it appears, moves and is held, and not otherwise', () => {
  const born = picture({ fleet: fleet([machine()]) });
  const moved = picture({ fleet: fleet([machine({ stage: 'registered', hostname: 'r01-u01', seconds: 2 })]) });
  const held = picture({ fleet: fleet([machine({ stage: 'registered', hostname: 'r01-u01', held: 'no such port' })]) });
  expect(changes(null, born)).toEqual(['m-020000000001 racked after 1.0 s']);
  expect(changes(born, moved)).toEqual(['r01-u01 racked → registered after 2.0 s']);
  expect(changes(moved, held)).toEqual(['r01-u01 is held: no such port']);
  expect(changes(held, held)).toEqual([]);
});

test('many machines are counted in one line, when a count changes', () => {
  const before = picture({ fleet: fleet([], { total: 300, inService: 1 }), expected: 400 });
  const after = picture({ fleet: fleet([], { total: 310, inService: 9, held: 1 }), expected: 400 });
  expect(changes(before, after)).toEqual(['310 of 400 machines heard from, 9 in service, 1 held']);
  expect(changes(after, after)).toEqual([]);
});

test('a service that ends and comes back is told twice', () => {
  const service = {
    name: 'api',
    state: 'ready',
    pid: 1,
    restarts: 0,
    lastEnd: null,
    addresses: {},
    log: '/l',
  } as const;
  const ready = picture({ services: [service] });
  const down = picture({ services: [{ ...service, state: 'restarting', pid: null, lastEnd: 'signal SIGKILL' }] });
  const again = picture({ services: [{ ...service, restarts: 1, lastEnd: 'signal SIGKILL' }] });
  expect(changes(null, ready)).toEqual([]);
  expect(changes(ready, down)).toEqual(['api ended (signal SIGKILL); log: /l']);
  expect(changes(down, again)).toEqual(['api was started again after it had ended (signal SIGKILL)']);
});

test('what is unusual is told once', () => {
  const noted = picture({ notes: ['the disk is nearly full'] });
  expect(changes(picture({}), noted)).toEqual(['the disk is nearly full']);
  expect(changes(noted, noted)).toEqual([]);
});
