/** What schedulers show that is odd: one part that cannot be understood, and nothing that says the good end. */
import { afterEach, describe, expect, it } from 'vitest';
import { namesHost } from '../../integrations/schedulers/hostlist.ts';
import { openKubernetes } from '../../integrations/schedulers/kubernetes.ts';
import { openSlurm } from '../../integrations/schedulers/slurm.ts';
import { type FakeServer, type OutsideReply, type OutsideRequest, serveFake } from '../support/outside.ts';

const token = 'odd-token-canary';
const task = { node: 'n1', machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware' };
let server: FakeServer;
afterEach(() => server?.close());

describe('Kubernetes', () => {
  const node = (status: object = {}) => ({
    kind: 'Node',
    metadata: { name: 'n1', resourceVersion: '7', annotations: {} },
    spec: { unschedulable: true },
    status,
  });
  const owned = (kind: string) => [{ apiVersion: 'v1', kind, name: 'o', uid: 'u', controller: true }];
  const pod = (name: string, more: object = {}) => ({
    metadata: { name, namespace: 'shop', uid: name, ownerReferences: owned('ReplicaSet'), ...more },
    spec: { containers: [], nodeName: 'n1' },
    status: { phase: 'Running' },
  });
  const open = async (
    pods: object[],
    evict: (name: string) => OutsideReply,
    settings: Record<string, string> = {},
    status: object = {},
  ) => {
    server = await serveFake(({ path }: OutsideRequest) => {
      if (path === '/api/v1/nodes/n1') return { body: node(status) };
      if (path === '/api/v1/pods') return { body: { kind: 'PodList', metadata: {}, items: pods } };
      return evict(/\/pods\/([^/]*)/.exec(path)?.[1] ?? '');
    });
    return openKubernetes({ settings, connection: { origin: server.origin, token, plainHttp: false } });
  };
  const evicted = () => server.requests.filter(({ path }) => path.endsWith('/eviction')).map(({ path }) => path);
  const success: OutsideReply = { status: 201, body: { kind: 'Status', status: 'Success' } };

  it('S-1: pods of an odd shape keep no other, and none of them makes a node drained', async () => {
    const odd = [
      { spec: { nodeName: 'n1' } },
      { metadata: null, spec: null, status: null },
      pod('owners', { ownerReferences: [null, ...owned('ReplicaSet')] }),
      pod('not-ending', { deletionTimestamp: null }),
    ];
    const { drain, close } = await open(odd, () => success, { bare: 'wait' });
    const reported = await drain.progress(task);
    expect(reported).toMatchObject({ drained: false, left: 4 });
    expect(evicted()).toEqual([
      '/api/v1/namespaces/shop/pods/owners/eviction',
      '/api/v1/namespaces/shop/pods/not-ending/eviction',
    ]);
    await close();
  });

  it('S-1: a static pod whose mark is not shown belongs to its node all the same', async () => {
    const { drain, close } = await open([pod('etcd-n1', { ownerReferences: owned('Node') })], () => success);
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    expect(evicted()).toEqual([]);
    await close();
  });

  it('S-1: an eviction that is answered in time by nobody but a gateway keeps no other', async () => {
    const answers: Record<string, OutsideReply> = {
      slow: { status: 504, body: { kind: 'Status', status: 'Failure', message: 'context deadline exceeded' } },
      page: { status: 502, body: '<html>Bad Gateway</html>' },
      free: success,
    };
    const { drain, close } = await open(
      Object.keys(answers).map((name) => pod(name)),
      (name) => answers[name] ?? success,
    );
    const reported = await drain.progress(task);
    expect(reported).toMatchObject({ drained: false, left: 3 });
    expect(reported.sentence).toContain('shop/page');
    expect(evicted()).toHaveLength(3);
    await close();
  });

  it('S-1: a webhook that fails and a server with too much to do are not told as a budget', async () => {
    const status = (code: number, message: string): OutsideReply => ({
      status: code,
      body: { kind: 'Status', status: 'Failure', message, code },
    });
    const answers: Record<string, OutsideReply> = {
      hooked: status(500, 'failed calling webhook "guard.example": context deadline exceeded'),
      busy: status(429, 'too many requests, please try again later'),
      budget: status(429, "Cannot evict pod as it would violate the pod's disruption budget."),
      budgets: status(
        500,
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      ),
    };
    const { drain, close } = await open(
      Object.keys(answers).map((name) => pod(name)),
      (name) => answers[name] ?? success,
    );
    const { left, sentence } = await drain.progress(task);
    expect(left).toBe(4);
    expect(sentence).toContain('2 pods held by a disruption budget (shop/budget, shop/budgets)');
    expect(sentence).toContain('failed calling webhook');
    expect(sentence).toContain('too many requests');
    await close();
  });

  it('S-1: what has no name is never asked for by its name, which would be all of a namespace', async () => {
    const nameless = { ...pod('x'), metadata: { namespace: 'shop' } };
    const { drain, close } = await open([nameless, {}], () => success, { bare: 'evict' });
    expect(await drain.progress(task)).toMatchObject({ drained: false, left: 2 });
    expect(await drain.kill(task)).toContain('0 pods deleted on n1; refused for ');
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    await close();
  });

  it.each([null, '', 'yesterday'])(
    'S-2: a kubelet silent since %j is not silent for long enough',
    async (lastTransitionTime) => {
      const ending = pod('p', { deletionTimestamp: '2026-11-23T10:00:00Z' });
      const status = { conditions: [null, { type: 'Ready', status: 'Unknown', lastTransitionTime }] };
      const { drain, close } = await open([ending], () => success, { unreachableAfter: '60' }, status);
      expect(await drain.progress(task)).toMatchObject({ drained: false, left: 1 });
      await close();
    },
  );
});

describe('Slurm', () => {
  const open = async (answer: (request: OutsideRequest) => OutsideReply) => {
    server = await serveFake(answer);
    const connection = { origin: server.origin, username: 'farrier', token, plainHttp: false };
    return openSlurm({ settings: {}, connection });
  };
  const observed = { name: 'n1', state: ['IDLE', 'DRAIN'], reason: task.reason, alloc_cpus: 0 };

  it('S-7: a node whose further fields are null or of another form is still read', async () => {
    const odd = { ...observed, next_state_after_reboot: null, state_flags: null, alloc_cpus: { set: true, number: 0 } };
    const { drain, close } = await open(({ path }) => ({
      body: path.endsWith('/jobs/') ? { jobs: [], errors: [] } : { nodes: [null, { name: 7 }, odd], errors: [] },
    }));
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    await close();
  });

  it.each([
    ['a number as text', [{ error_number: '2018', error: 'Invalid node name specified' }]],
    ['words that are null', [{ error_number: 5005, error: null, description: null }]],
    ['text alone', ['Zero Bytes were transmitted']],
  ])('S-9: an error told as %s beside a 200 is an error', async (_, errors) => {
    const { drain, close } = await open(({ path }) => ({
      body: path.endsWith('/jobs/') ? { jobs: [], errors } : { nodes: [observed], errors: [] },
    }));
    await expect(drain.progress(task)).rejects.toThrow(/Slurm/);
    await close();
  });

  it('S-9: a token that Slurm says back is told to nobody', async () => {
    const errors = [{ error_number: 1007, error: `rejected ${token}`, description: `token ${token}` }];
    const { drain, close } = await open(() => ({ status: 511, body: { errors } }));
    const error = await drain.progress(task).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/Slurm says/);
    expect(String(error)).not.toContain(token);
    await close();
  });

  it('S-3: host lists parted by blanks, as Slurm reads them too, name their nodes', () => {
    expect(['n1 n2', 'n1\tn2', 'n[1-3], n7', 'n[1,\n2]'].map((list) => namesHost(list, 'n2'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});
