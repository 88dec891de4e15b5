/** What no real Slurm can be had for at will, answered as slurmrestd 24.11.5 was seen to answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSlurm } from '../../integrations/schedulers/slurm.ts';
import { ledgerOf } from '../support/ledger.ts';
import { type FakeServer, type OutsideReply, type OutsideRequest, serveFake } from '../support/outside.ts';

const token = 'slurm-jwt-canary';
let slurm: ReturnType<typeof fakeSlurm>;
let server: FakeServer;

const done = { errors: [], warnings: [] };
const number = (value: number | null) => ({ set: value !== null, infinite: false, number: value ?? 0 });
const wrong = (status: number, error_number: number, error: string): OutsideReply => ({
  status,
  body: { errors: [{ description: 'Failure', error_number, error, source: '_update_node' }], warnings: [] },
});

interface More {
  readonly array?: readonly [number, number];
  readonly het?: readonly [number, number];
}
const job = (job_id: number, state: string, nodes: string, { array, het }: More = {}) => ({
  job_id,
  job_state: state.split('+'),
  nodes,
  array_job_id: number(array?.[0] ?? 0),
  array_task_id: number(array?.[1] ?? null),
  het_job_id: number(het?.[0] ?? 0),
  het_job_offset: number(het?.[1] ?? 0),
});

function fakeSlurm() {
  const node = {
    name: 'a01-03',
    state: ['MIXED'],
    reason: '',
    alloc_cpus: 8,
    next_state_after_reboot: ['INVALID'],
  };
  const jobs: unknown[] = [
    job(11, 'RUNNING', 'a01-[01-03]'),
    job(12, 'RUNNING', 'a01-04'),
    job(13, 'PENDING', ''),
    job(14, 'COMPLETING', 'a01-03,b01'),
  ];
  const cancelled: string[] = [];
  const handle = ({ method, path, headers, body }: OutsideRequest): OutsideReply => {
    if (headers['x-slurm-user-name'] !== 'farrier') return { status: 401, body: 'Authentication failure' };
    if (headers['x-slurm-user-token'] !== token) return wrong(511, 1007, 'Protocol authentication error');
    if (path === '/openapi/v3') return { body: { paths: { '/slurm/v0.0.41/node/{node_name}': {} } } };
    if (!path.startsWith('/slurm/v0.0.41/')) return { status: 404, body: 'Unable find requested URL.' };
    if (path === '/slurm/v0.0.41/jobs/') return { body: { jobs, ...done } };
    const cancel = /\/job\/([0-9_]+)$/.exec(path)?.[1];
    // 200 for any job, whether there is one or not.
    if (cancel !== undefined && method === 'DELETE') {
      cancelled.push(cancel);
      return { body: done };
    }
    if (path !== '/slurm/v0.0.41/node/a01-03') {
      return method === 'POST' ? wrong(500, 2018, 'Invalid node name specified') : { ...wrong(200, 0, 'No error') };
    }
    if (method === 'POST') {
      const [wanted] = (body.state ?? []) as string[];
      if (wanted === 'RESUME') node.state = node.state.filter((one) => one !== 'DRAIN' && one !== 'DOWN');
      if (wanted === 'DRAIN') node.state = [...node.state, 'DRAIN'];
      // What it was taken out for stays when it comes back.
      if (body.reason !== undefined) node.reason = body.reason;
      return { body: done };
    }
    return { body: { nodes: [node], ...done } };
  };
  return { node, jobs, cancelled, handle };
}

const task = { node: 'a01-03', machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware' };
const open = (secret = token, settings: Record<string, string> = {}) =>
  openSlurm({ settings, connection: { origin: server.origin, username: 'farrier', token: secret, plainHttp: false } });
const changes = () => server.requests.filter(({ method, raw }) => method === 'POST' && raw !== '{}');

beforeEach(async () => {
  slurm = fakeSlurm();
  server = await serveFake(slurm.handle);
});
afterEach(() => server.close());

describe('draining a Slurm node', () => {
  it('drains, counts the jobs that hold a part of it, and resumes', async () => {
    const { drain, close } = open();
    expect(await drain.start(task)).toBe('a01-03 takes no new jobs');
    expect(await drain.start(task)).toBe('a01-03 drains already');
    expect(changes()).toMatchObject([{ body: { state: ['DRAIN'], reason: 'farrier o-1: firmware' } }]);
    expect(await drain.progress(task)).toEqual({ drained: false, left: 2, sentence: '2 jobs left on a01-03: 11, 14' });
    slurm.jobs.length = 0;
    slurm.node.state = ['IDLE', 'COMPLETING', 'DRAIN'];
    expect(await drain.progress(task)).toMatchObject({
      drained: false,
      left: 1,
      sentence: expect.stringContaining('cleaned up'),
    });
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.alloc_cpus = 0;
    expect(await drain.progress(task)).toEqual({ drained: true, left: 0, sentence: 'a01-03 has no job left' });
    expect(await drain.stop(task)).toBe('a01-03 takes jobs again');
    expect(await drain.stop(task)).toBe('a01-03 does not drain');
    await close();
  });

  it.each([
    ['S-4: a suspended job', job(21, 'SUSPENDED', 'a01-03'), '21'],
    ['S-4: a job that is being resized', job(22, 'RUNNING+RESIZING', 'a01-[02-04]'), '22'],
    ['S-4: a requeued job that is cleaned up', job(23, 'PENDING+COMPLETING', 'a01-03'), '23'],
    ['S-4: a job in a state that nobody has met', job(24, 'HIBERNATING', 'a01-03'), '24'],
    ['S-4: a job without a state', { job_id: 25, nodes: 'a01-03' }, '25'],
    ['S-4: a job whose nodes are not told', { job_id: 26, job_state: ['RUNNING'] }, '26'],
    ['S-3: a job whose nodes cannot be read and may be this one', job(27, 'RUNNING', 'a01-{01..09}'), '27'],
    ['S-4: a job that cannot be read at all', 'a job', 'job'],
    ['S-4: a task of an array', job(28, 'SUSPENDED', 'a01-03', { array: [20, 3] }), '20_3'],
    ['S-4: a part of a heterogeneous job', job(29, 'RUNNING', 'a01-03', { het: [28, 1] }), '28+1'],
  ])('%s keeps an idle node from being drained, and is named', async (_, left, named) => {
    slurm.jobs.splice(0, 4, job(12, 'RUNNING', 'a01-04'), left);
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = task.reason;
    slurm.node.alloc_cpus = 0;
    const { drain, close } = open();
    const progress = await drain.progress(task);
    expect(progress).toMatchObject({ drained: false, left: 1 });
    expect(progress.sentence).toContain(named);
    await close();
  });

  it.each([
    ['S-3: a host list of another system', job(31, 'RUNNING', 'bgq[000x133]')],
    ['S-3: a host list of no system', job(32, 'RUNNING', 'tux[[1-2')],
    ['S-3: a range larger than any cluster', job(33, 'RUNNING', 'tux[0-99999999999999]rack[0-999999999]')],
    ['S-4: an ended job that was on it', job(34, 'CANCELLED', 'a01-03')],
    ['S-4: an ended job whose nodes cannot be read', job(35, 'COMPLETED', 'a01-[')],
    ['S-4: a job that waits', { job_id: 36, job_state: ['PENDING'], nodes: null }],
  ])('%s does not', async (_, other) => {
    slurm.jobs.splice(0, 4, other);
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = task.reason;
    slurm.node.alloc_cpus = 0;
    const { drain, close } = open();
    expect(await drain.progress(task)).toMatchObject({ drained: true, left: 0 });
    await close();
  });

  it('S-3: odd host lists of other jobs leave the count of this node as it is', async () => {
    for (const nodes of ['bgq[000x133]', 'tux[3-1]', 'm[', 'b]', 'x[0-999999999]y[0-999999999]', 'tux{1..9}'])
      slurm.jobs.unshift(job(50 + slurm.jobs.length, 'RUNNING', nodes));
    const { drain, close } = open();
    expect(await drain.start(task)).toBe('a01-03 takes no new jobs');
    expect(await drain.progress(task)).toEqual({ drained: false, left: 2, sentence: '2 jobs left on a01-03: 11, 14' });
    await close();
  });

  it.each([
    ['an error beside an empty list', { ...wrong(504, 5004, 'Socket timed out on send/recv operation') }],
    ['an error with status 200', { ...wrong(200, 5004, 'Socket timed out on send/recv operation') }],
    ['no list', { body: done }],
    ['a list that is none', { body: { jobs: {}, ...done } }],
    ['half an answer', { body: '{"jobs": [' }],
    ['nothing', { body: '' }],
  ])('S-4: %s is never taken for drained', async (_, answer) => {
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = task.reason;
    slurm.node.alloc_cpus = 0;
    server.trouble = ({ path }) => (path.endsWith('/jobs/') ? answer : undefined);
    const { drain, close } = open();
    await expect(drain.progress(task)).rejects.toMatchObject({ name: 'OutsideError', retryable: true });
    await close();
  });

  it.each([['UNKNOWN'], ['ERROR'], ['FUTURE'], ['ALLOCATED'], ['MIXED'], ['SOMETHING_NEW']])(
    'S-4: a node that is %s is not drained',
    async (state) => {
      slurm.jobs.length = 0;
      slurm.node.state = [state, 'DRAIN'];
      slurm.node.reason = task.reason;
      slurm.node.alloc_cpus = 0;
      const { drain, close } = open();
      expect(await drain.progress(task)).toMatchObject({ drained: false, left: 1 });
      await close();
    },
  );

  it('S-4: an empty list does not count from a user whom Slurm shows no jobs of others', async () => {
    slurm.jobs.length = 0;
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = 'bad fan';
    slurm.node.alloc_cpus = 0;
    server.trouble = ({ method }) => (method === 'POST' ? wrong(500, 2010, 'Invalid user id') : undefined);
    const { drain, close } = open();
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'refused', message: /operator/ });
    await close();
  });

  it('S-5: kill ends tasks of an array one by one, a heterogeneous job as a whole, and stops at no refusal', async () => {
    slurm.jobs.splice(
      0,
      4,
      job(41, 'RUNNING', 'a01-03', { array: [40, 1] }),
      job(42, 'RUNNING', 'a01-04', { array: [40, 2] }),
      job(43, 'RUNNING', 'a01-03'),
      job(45, 'SUSPENDED', 'a01-03', { het: [44, 1] }),
      job(46, 'RUNNING', 'a01-03', { het: [44, 2] }),
      job(47, 'RUNNING', 'a01-{01..09}'),
      { job_state: ['RUNNING'], nodes: 'a01-03' },
    );
    server.trouble = ({ method, path }) =>
      method === 'DELETE' && path.endsWith('/40_1') ? wrong(500, 1, 'Operation not permitted') : undefined;
    const { drain, close } = open();
    const said = await drain.kill(task);
    expect(slurm.cancelled).toEqual(['43', '44']);
    expect(said).toMatch(/^2 jobs cancelled: 43, 44; .*40_1.*not permitted/);
    // A job that may be on another node, and one without a number, are nobody's to end.
    expect(said).toContain('47');
    server.trouble = ({ method }) => (method === 'DELETE' ? wrong(500, 2017, 'Invalid job id specified') : undefined);
    expect(await drain.kill(task)).toContain('cancelled');
    server.trouble = ({ method }) => (method === 'DELETE' ? wrong(500, 1, 'Operation not permitted') : undefined);
    await expect(drain.kill(task)).rejects.toMatchObject({ kind: 'refused', retryable: false });
    server.trouble = ({ method, path }) => (path.endsWith('/43') && method === 'DELETE' ? { status: 502 } : undefined);
    await expect(drain.kill(task)).rejects.toMatchObject({ retryable: true });
    expect(slurm.cancelled).toEqual(['43', '44', '40_1', '44']);
    await close();
  });

  it.each([
    ['drained', ['IDLE', 'DRAIN']],
    ['set down', ['DOWN']],
    ['set down while it did not answer', ['DOWN', 'NOT_RESPONDING']],
    ['told to fail', ['IDLE', 'FAIL']],
  ])('S-6: what a person has %s is theirs', async (_, state) => {
    slurm.node.state = state;
    slurm.node.reason = 'bad fan [root]';
    slurm.node.alloc_cpus = 0;
    const { drain, close } = open();
    const ledger = ledgerOf('o-1');
    expect(await drain.start({ ...task, ledger })).toContain('bad fan');
    expect(await drain.progress({ ...task, ledger })).toMatchObject({ drained: false, left: 2 });
    slurm.jobs.length = 0;
    const progress = await drain.progress({ ...task, ledger });
    expect(progress).toMatchObject({ drained: true, sentence: expect.stringContaining('bad fan') });
    expect(await drain.stop({ ...task, ledger })).toContain('stays so');
    expect(changes()).toEqual([]);
    expect(slurm.node).toMatchObject({ state, reason: 'bad fan [root]' });
    // Once its person gives it back, it is ours to drain.
    slurm.node.state = ['IDLE'];
    expect(await drain.progress({ ...task, ledger })).toMatchObject({ drained: true });
    expect(slurm.node.state).toEqual(['IDLE', 'DRAIN']);
    expect(await drain.stop({ ...task, ledger })).toBe('a01-03 takes jobs again');
    await close();
  });

  it('S-6: what Slurm itself has set down, since it does not answer, is drained and given back', async () => {
    slurm.node.state = ['DOWN', 'NOT_RESPONDING'];
    slurm.node.reason = 'Not responding';
    const { drain, close } = open();
    const ledger = ledgerOf('o-1');
    expect(await drain.start({ ...task, ledger })).toBe('a01-03 takes no new jobs');
    expect(await drain.stop({ ...task, ledger })).toBe('a01-03 takes jobs again');
    await close();
  });

  it.each(['REBOOT_REQUESTED', 'REBOOT_ISSUED', 'REBOOT_CANCELED_OR_NOT_YET_MET'])(
    'S-7: a node with %s is reported and not drained',
    async (flag) => {
      slurm.jobs.length = 0;
      slurm.node.state = ['IDLE', 'DRAIN', flag];
      slurm.node.reason = task.reason;
      slurm.node.alloc_cpus = 0;
      slurm.node.next_state_after_reboot = ['UNKNOWN', 'RESUME'];
      const { drain, close } = open();
      const progress = await drain.progress(task);
      expect(progress).toMatchObject({ drained: false, left: 1 });
      expect(progress.sentence).toContain(flag);
      expect(progress.sentence).toMatch(/resume/i);
      await close();
    },
  );

  it('S-8: a reason that Slurm kept does not make the drain of somebody else ours', async () => {
    const { drain, close } = open();
    const ledger = ledgerOf('o-1');
    await drain.start({ ...task, ledger });
    await drain.stop({ ...task, ledger });
    expect(slurm.node).toMatchObject({ state: ['MIXED'], reason: task.reason });
    slurm.node.state = ['MIXED', 'DRAIN'];
    expect(await drain.start({ ...task, ledger })).toContain('somebody else');
    expect(await drain.stop({ ...task, ledger })).toContain('stays so');
    expect(slurm.node.state).toEqual(['MIXED', 'DRAIN']);
    await close();
  });

  it('S-8: nor does it where somebody resumed our drain in between', async () => {
    const { drain, close } = open();
    const ledger = ledgerOf('o-1');
    await drain.start({ ...task, ledger });
    slurm.node.state = ['MIXED'];
    expect((await drain.progress({ ...task, ledger })).sentence).toContain('somebody resumed');
    expect(slurm.node.state).toEqual(['MIXED']);
    slurm.node.state = ['MIXED', 'DRAIN'];
    expect(await drain.stop({ ...task, ledger })).toContain('stays so');
    await close();
  });

  it('S-8: an undrain of another order gives back what the MDB says that Farrier took', async () => {
    const { drain, close } = open();
    const ledger = ledgerOf('o-1');
    await drain.start({ ...task, ledger });
    const later = { ...task, orderId: 'o-2', reason: 'farrier o-2: all well', ledger };
    expect(await drain.start(later)).toBe('a01-03 drains already');
    expect(await drain.stop(later)).toBe('a01-03 takes jobs again');
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = 'farriers need it';
    expect(await drain.stop({ ...task, ledger: undefined })).toContain('stays so');
    await close();
  });

  it('S-9: what a person must mend is not tried again', async () => {
    const foreign = open('another');
    await expect(foreign.drain.start(task)).rejects.toMatchObject({ kind: 'refused', retryable: false });
    await foreign.close();
    const { drain, close } = open();
    const unknown = { ...task, node: 'b99' };
    for (const what of ['start', 'progress', 'stop'] as const)
      await expect(drain[what](unknown)).rejects.toMatchObject({ kind: 'missing', message: /no node b99/ });
    const cases: [OutsideReply, string][] = [
      [{ status: 500, body: { errors: [{ error: 'Unspecified error', errno: -1 }], nodes: [] } }, 'refused'],
      [wrong(500, 2010, 'Invalid user id'), 'refused'],
      [wrong(500, 2002, 'Access/permission denied'), 'refused'],
      [wrong(200, 2010, 'Invalid user id'), 'refused'],
      [{ status: 401, body: 'Authentication failure' }, 'refused'],
      [
        { status: 500, body: { errors: [{ error: 'Invalid node name specified', errno: 2018 }], nodes: [] } },
        'missing',
      ],
      [
        { status: 200, body: { errors: [{ error: 'Invalid node name specified', errno: 2018 }], nodes: [] } },
        'missing',
      ],
      [{ status: 200, body: { nodes: [], ...done } }, 'missing'],
      [{ status: 200, body: { nodes: [{ ...slurm.node, name: 'a01-04' }], ...done } }, 'missing'],
    ];
    for (const [answer, kind] of cases) {
      server.trouble = () => answer;
      await expect(drain.start(task), JSON.stringify(answer)).rejects.toMatchObject({ kind, retryable: false });
    }
    await close();
  });

  it('S-9: what passes by itself is', async () => {
    const { drain, close } = open();
    const cases: OutsideReply[] = [
      wrong(502, 1800, 'Unable to contact slurm controller (connect failure)'),
      wrong(504, 5004, 'Socket timed out on send/recv operation'),
      wrong(200, 1800, 'Unable to contact slurm controller (connect failure)'),
      wrong(500, 2033, 'Slurm backup controller in standby mode'),
      { status: 500, body: {} },
      { status: 503, body: '<html>' },
      { status: 200, body: { nodes: [{ name: 'a01-03', state: 5 }], ...done } },
    ];
    for (const answer of cases) {
      server.trouble = () => answer;
      await expect(drain.start(task), JSON.stringify(answer)).rejects.toMatchObject({ retryable: true });
    }
    await server.close();
    await expect(drain.start(task)).rejects.toMatchObject({ kind: 'unreachable', retryable: true });
    await close();
    expect(() => open(token, { api: '../../etc' })).toThrow(/v0\.0\.41/);
    server = await serveFake(slurm.handle);
  });

  it('S-10: a version that is not served is told with those that are', async () => {
    const { drain, close } = open(token, { api: 'v0.0.44' });
    await expect(drain.start(task)).rejects.toMatchObject({
      kind: 'settings',
      message: expect.stringMatching(/serves v0\.0\.41.*api/),
    });
    await close();
    expect(() => open(token, { api: 'v0.0.38' })).toThrow(/v0\.0\.39.*scontrol/);
  });
});
