import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expandHostlist } from '../../activities/drain/hostlist.ts';
import { openSlurm } from '../../activities/drain/slurm.ts';
import { type Answered, type Asked, type FakeServer, serveFake } from '../support/outside.ts';

const token = 'slurm-jwt-canary';
let slurm: ReturnType<typeof fakeSlurm>;
let server: FakeServer;

/** slurmrestd as v0.0.41 answers: lists of states, and errors beside a status of 200. */
function fakeSlurm() {
  const node = { name: 'a01-03', state: ['MIXED'], reason: '', alloc_cpus: 8 };
  const jobs = [
    { job_id: 11, job_state: ['RUNNING'], nodes: 'a01-[01-03]' },
    { job_id: 12, job_state: ['RUNNING'], nodes: 'a01-04' },
    { job_id: 13, job_state: ['PENDING'], nodes: '' },
    { job_id: 14, job_state: ['COMPLETING'], nodes: 'a01-03,b01' },
  ];
  const done = { errors: [], warnings: [] };
  const handle = ({ method, path, headers, body }: Asked): Answered => {
    const known = headers['x-slurm-user-name'] === 'farrier' && headers['x-slurm-user-token'] === token;
    if (!known) return { status: 401, body: 'Authentication failure' };
    if (path === '/slurm/v0.0.41/jobs/') return { body: { ...done, jobs } };
    const job = /^\/slurm\/v0\.0\.41\/job\/(\d+)$/.exec(path)?.[1];
    if (job !== undefined && method === 'DELETE') {
      const at = jobs.findIndex(({ job_id }) => job_id === Number(job));
      if (at < 0)
        return {
          status: 500,
          body: { errors: [{ error_number: 2021, error: 'Job/step already completing or completed' }] },
        };
      jobs.splice(at, 1);
      return { body: done };
    }
    if (path !== '/slurm/v0.0.41/node/a01-03')
      return {
        body: {
          nodes: [],
          errors: [
            { description: 'Failure to query node b99', error_number: 2009, error: 'Invalid node name specified' },
          ],
        },
      };
    if (method === 'POST') {
      const [wanted] = body.state as string[];
      node.state = wanted === 'RESUME' ? node.state.filter((one) => one !== 'DRAIN') : [...node.state, 'DRAIN'];
      node.reason = body.reason ?? '';
      return { body: done };
    }
    return { body: { ...done, nodes: [node] } };
  };
  return { node, jobs, handle };
}

const task = { node: 'a01-03', machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware' };
const open = (secret = token, settings: Record<string, string> = {}) =>
  openSlurm({ settings, connection: { origin: server.origin, username: 'farrier', token: secret, plainHttp: false } });

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
    expect(server.asked.filter(({ method }) => method === 'POST')).toMatchObject([
      { body: { state: ['DRAIN'], reason: 'farrier o-1: firmware' } },
    ]);
    expect(await drain.progress(task)).toEqual({ drained: false, left: 2, sentence: '2 jobs left on a01-03: 11, 14' });
    slurm.jobs.length = 0;
    slurm.node.state = ['COMPLETING', 'DRAIN'];
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

  it('leaves to others what others drained', async () => {
    slurm.node.state = ['IDLE', 'DRAIN'];
    slurm.node.reason = 'bad fan [root]';
    const { drain, close } = open();
    expect(await drain.start(task)).toContain('bad fan');
    expect(await drain.stop(task)).toContain('stays so');
    expect(server.asked.every(({ method }) => method === 'GET')).toBe(true);
    await close();
  });

  it('cancels the jobs of this node only, when the pool says kill', async () => {
    const { drain, close } = open();
    await drain.start(task);
    expect(await drain.kill(task)).toBe('2 jobs cancelled: 11, 14');
    expect(slurm.jobs.map(({ job_id }) => job_id)).toEqual([12, 13]);
    expect(await drain.kill(task)).toBe('nothing was left on a01-03');
    await close();
  });

  it('says what is wrong', async () => {
    const wrong = open('another');
    await expect(wrong.drain.start(task)).rejects.toMatchObject({ kind: 'refused', retryable: false });
    await wrong.close();
    const { drain, close } = open();
    await expect(drain.start({ ...task, node: 'b99' })).rejects.toThrow(/Slurm says Failure to query node b99/);
    server.trouble = () => ({ body: { nodes: [{ name: 'a01-03', state: 5 }] } });
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'garbage' });
    server.trouble = () => ({ status: 500, body: {} });
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'failed', retryable: true });
    await close();
    expect(() => open(token, { api: '../../etc' })).toThrow(/v0\.0\.41/);
  });
});

describe('a host list', () => {
  it.each([
    ['', []],
    ['login', ['login']],
    ['gpu[01-03,07],login', ['gpu01', 'gpu02', 'gpu03', 'gpu07', 'login']],
    ['r[1-2]n[08-10]', ['r1n08', 'r1n09', 'r1n10', 'r2n08', 'r2n09', 'r2n10']],
  ])('%j is %j', (list, names) => expect(expandHostlist(list)).toEqual(names));
  it.each(['a[1-', 'a]', 'a[x]', 'a[3-1]', 'a[1-999999999]', 'a[1-1000]b[1-1000]'])('%j is refused', (list) =>
    expect(() => expandHostlist(list)).toThrow(RangeError),
  );
});
