import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKubernetes } from '../../integrations/schedulers/kubernetes.ts';
import { ledgerOf } from '../support/ledger.ts';
import { type FakeServer, type OutsideReply, type OutsideRequest, serveFake } from '../support/outside.ts';

interface Pod {
  metadata: { name: string; namespace: string; uid: string; [key: string]: unknown };
  spec: object;
  status: { phase: string };
}

const token = 'kube-token-canary';
let cluster: ReturnType<typeof fakeCluster>;
let server: FakeServer;

/** As much of an API server as draining meets: nodes, pods, evictions under budgets, preconditions. */
function fakeCluster() {
  const node = {
    metadata: { name: 'a01-03', resourceVersion: '7', annotations: {} as Record<string, string> },
    spec: {} as { unschedulable?: boolean },
    status: {} as { conditions?: object[] },
  };
  const pods = new Map<string, Pod>();
  /** Pods that a disruption budget protects for now. */
  const protectedPods = new Set<string>();
  const volumes: object[] = [];
  const path = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)(\/eviction)?$/;
  const status = (code: number, message: string): OutsideReply => ({
    status: code,
    body: { kind: 'Status', status: 'Failure', message, code },
  });
  const handle = (request: OutsideRequest): OutsideReply => {
    if (request.headers.authorization !== `Bearer ${token}`) return status(401, 'Unauthorized');
    if (request.path.startsWith('/api/v1/nodes/')) return answerNode(request);
    if (request.path === '/api/v1/pods') return answerPods(request);
    if (request.path.endsWith('/volumeattachments'))
      return { body: { kind: 'VolumeAttachmentList', metadata: {}, items: volumes } };
    const [, namespace = '', name = '', eviction] = path.exec(request.path) ?? [];
    const pod = pods.get(`${namespace}/${name}`);
    if (!pod) return status(404, `pods "${name}" not found`);
    const wanted = (eviction ? request.body.deleteOptions : request.body)?.preconditions?.uid;
    if (wanted !== pod.metadata.uid) return status(409, 'the UID in the precondition does not match');
    if (eviction && protectedPods.has(name))
      return {
        ...status(429, "Cannot evict pod as it would violate the pod's disruption budget."),
        headers: { 'retry-after': '10' },
      };
    pods.delete(`${namespace}/${name}`);
    return { status: eviction ? 201 : 200, body: { kind: 'Status', status: 'Success' } };
  };
  function answerNode({ method, path: request, body }: OutsideRequest): OutsideReply {
    if (request !== '/api/v1/nodes/a01-03') return status(404, 'nodes not found');
    if (method === 'GET') return { body: { kind: 'Node', ...node } };
    if (body.metadata.resourceVersion !== node.metadata.resourceVersion)
      return status(409, 'the object has been modified');
    for (const [key, value] of Object.entries(body.metadata.annotations ?? {})) {
      if (value === null) delete node.metadata.annotations[key];
      else node.metadata.annotations[key] = String(value);
    }
    if (body.spec?.unschedulable === null) delete node.spec.unschedulable;
    else if (body.spec) node.spec.unschedulable = body.spec.unschedulable;
    node.metadata.resourceVersion = String(Number(node.metadata.resourceVersion) + 1);
    return { body: { kind: 'Node', ...node } };
  }
  function answerPods({ query }: OutsideRequest): OutsideReply {
    expect(query.get('fieldSelector')).toBe('spec.nodeName=a01-03');
    // Two a page, so that the second page is asked for.
    const from = Number(query.get('continue') ?? 0);
    const items = [...pods.values()].slice(from, from + 2);
    const more = from + 2 < pods.size ? String(from + 2) : '';
    return { body: { kind: 'PodList', metadata: { continue: more }, items } };
  }
  let serial = 0;
  const add = (
    name: string,
    owner: string | null,
    more: { annotations?: object; volumes?: object[]; phase?: string; node?: string; ending?: boolean } = {},
  ) => {
    serial += 1;
    pods.set(`shop/${name}`, {
      metadata: {
        name,
        namespace: 'shop',
        uid: `uid-${serial}`,
        ...(owner === null
          ? {}
          : { ownerReferences: [{ apiVersion: 'v1', kind: owner, name: 'o', uid: 'u', controller: true }] }),
        ...(more.annotations ? { annotations: more.annotations } : {}),
        ...(more.ending ? { deletionTimestamp: '2026-11-23T10:00:00Z' } : {}),
      },
      spec: { containers: [], nodeName: more.node ?? 'a01-03', ...(more.volumes ? { volumes: more.volumes } : {}) },
      status: { phase: more.phase ?? 'Running' },
    });
  };
  const attach = (name: string, nodeName: string, attached = true) =>
    volumes.push({
      metadata: { name },
      spec: { attacher: 'csi', nodeName, source: { persistentVolumeName: name } },
      status: { attached },
    });
  return { node, pods, protectedPods, volumes, handle, add, attach };
}

const task = { node: 'a01-03', machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware' };
const open = (settings: Record<string, string> = {}, secret = token) =>
  openKubernetes({ settings, connection: { origin: server.origin, token: secret, plainHttp: false } });

beforeEach(async () => {
  cluster = fakeCluster();
  server = await serveFake(cluster.handle);
});
afterEach(() => server.close());

describe('draining a Kubernetes node', () => {
  it('cordons, evicts what may go, and leaves what belongs to the node', async () => {
    cluster.add('web-1', 'ReplicaSet');
    cluster.add('agent', 'DaemonSet');
    cluster.add('kube-proxy', null, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    cluster.add('done', 'Job', { phase: 'Succeeded' });
    const { drain, close } = open();
    expect(await drain.start(task)).toBe('a01-03 is cordoned');
    expect(cluster.node).toMatchObject({
      spec: { unschedulable: true },
      metadata: { annotations: { 'farrier/drain': task.reason } },
    });
    expect(await drain.start(task)).toBe('a01-03 is cordoned already');
    expect(await drain.progress(task)).toEqual({
      drained: false,
      left: 1,
      sentence: 'one pod on the way out (shop/web-1)',
    });
    expect(await drain.progress(task)).toMatchObject({ drained: true, left: 0 });
    expect([...cluster.pods.keys()].sort()).toEqual(['shop/agent', 'shop/done', 'shop/kube-proxy']);
    expect(await drain.stop(task)).toBe('a01-03 is uncordoned');
    expect(await drain.stop(task)).toBe('a01-03 is not cordoned');
    expect(cluster.node).toMatchObject({ spec: {}, metadata: { annotations: {} } });
    expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
    await close();
  });

  it('takes a budget for "not yet", asks again, and only a kill goes past it', async () => {
    cluster.add('db-0', 'StatefulSet');
    cluster.add('db-1', 'StatefulSet');
    cluster.protectedPods.add('db-0');
    cluster.protectedPods.add('db-1');
    const { drain, close } = open({ killGraceSeconds: '5' });
    await drain.start(task);
    expect(await drain.progress(task)).toEqual({
      drained: false,
      left: 2,
      sentence: '2 pods held by a disruption budget (shop/db-0, shop/db-1)',
    });
    cluster.protectedPods.delete('db-0');
    expect(await drain.progress(task)).toMatchObject({ left: 2 });
    expect(await drain.progress(task)).toMatchObject({ left: 1 });
    expect(await drain.kill(task)).toBe('one pod deleted on a01-03');
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', body: { gracePeriodSeconds: 5 } });
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    await close();
  });

  it('waits for jobs and for what would not come back, unless the pool says otherwise', async () => {
    cluster.add('train', 'Job');
    cluster.add('by-hand', null);
    cluster.add('cache', 'ReplicaSet', { volumes: [{ name: 'scratch', emptyDir: {} }] });
    const careful = open({ localData: 'wait' });
    await careful.drain.start(task);
    expect(await careful.drain.progress(task)).toEqual({
      drained: false,
      left: 3,
      sentence:
        'one pod of jobs, which run to their end (shop/train); one pod without a controller, which would not come back (shop/by-hand); one pod with local data (shop/cache)',
    });
    await careful.close();
    const rough = open({ jobs: 'evict', bare: 'evict' });
    expect(await rough.drain.progress(task)).toMatchObject({
      left: 3,
      sentence: expect.stringMatching(/^3 pods on the way/),
    });
    expect(await rough.drain.progress(task)).toMatchObject({ drained: true });
    await rough.close();
  });

  it('waits for volumes to be detached, where the pool says so', async () => {
    cluster.attach('pv-1', 'a01-03');
    cluster.attach('pv-2', 'a01-04');
    cluster.attach('pv-3', 'a01-03', false);
    const careless = open();
    await careless.drain.start(task);
    expect(await careless.drain.progress(task)).toMatchObject({ drained: true });
    await careless.close();
    const { drain, close } = open({ volumes: 'wait' });
    expect(await drain.progress(task)).toEqual({
      drained: false,
      left: 1,
      sentence: 'no pod is left, and one volume still attached (pv-1)',
    });
    cluster.volumes.length = 0;
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    await close();
  });

  it('leaves a node cordoned that somebody else cordoned', async () => {
    cluster.node.spec.unschedulable = true;
    const { drain, close } = open();
    expect(await drain.start(task)).toContain('by somebody else');
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    expect(await drain.stop(task)).toContain('stays so');
    expect(cluster.node.spec.unschedulable).toBe(true);
    await close();
  });

  it('does not call a node drained that was uncordoned meanwhile', async () => {
    const { drain, close } = open();
    await drain.start(task);
    delete cluster.node.spec.unschedulable;
    expect(await drain.progress(task)).toMatchObject({
      drained: false,
      sentence: expect.stringContaining('uncordoned'),
    });
    await close();
  });

  it('evicts the pod it saw, and not another that has its name by now', async () => {
    cluster.add('web-1', 'ReplicaSet');
    const { drain, close } = open();
    await drain.start(task);
    server.trouble = ({ path }) => {
      if (!path.endsWith('/eviction')) return undefined;
      cluster.pods.delete('shop/web-1');
      cluster.add('web-1', 'ReplicaSet');
      return undefined;
    };
    await drain.progress(task);
    expect(cluster.pods.get('shop/web-1')?.metadata.uid).toBe('uid-2');
    await close();
  });

  it.each([
    ['S-1: whose namespace ends', { status: 403, body: { message: 'namespace shop is being terminated' } }],
    ['S-1: that a webhook refuses', { status: 400, body: { message: 'admission webhook "guard" denied the request' } }],
    ['S-12: that a policy refuses', { status: 422, body: { message: 'ValidatingAdmissionPolicy denied request' } }],
    ['that a webhook keeps from an answer', { status: 503, body: { message: 'failed calling webhook' } }],
  ])('%s is told with its reason, and the others are asked to leave', async (_, refusal) => {
    for (const name of ['web-1', 'stuck', 'web-2']) cluster.add(name, 'ReplicaSet');
    const { drain, close } = open();
    await drain.start(task);
    server.trouble = ({ path, method }) => (/stuck/.test(path) && method === 'POST' ? refusal : undefined);
    const reported = await drain.progress(task);
    expect(reported).toMatchObject({ drained: false, left: 3 });
    expect(reported.sentence).toContain('2 pods on the way out (shop/web-1, shop/web-2)');
    expect(reported.sentence).toContain(`one pod refused by the cluster: ${refusal.body.message} (shop/stuck)`);
    expect([...cluster.pods.keys()]).toEqual(['shop/stuck']);
    expect(await drain.progress(task)).toMatchObject({ drained: false, left: 1 });
    server.trouble = ({ path, method }) => (/stuck/.test(path) && method === 'DELETE' ? refusal : undefined);
    cluster.add('web-3', 'ReplicaSet');
    expect(await drain.kill(task)).toBe(`one pod deleted on a01-03; refused for shop/stuck: ${refusal.body.message}`);
    await close();
  });

  it('S-1: a pod that another took the name of is not taken for gone', async () => {
    cluster.add('db-0', 'StatefulSet');
    const { drain, close } = open();
    await drain.start(task);
    server.trouble = ({ path }) => {
      if (!path.endsWith('/eviction')) return undefined;
      cluster.pods.delete('shop/db-0');
      cluster.add('db-0', 'StatefulSet');
      return undefined;
    };
    expect(await drain.progress(task)).toMatchObject({ drained: false, left: 1 });
    await close();
  });

  it("another node's pods, where the condition is not kept, are neither evicted nor waited for", async () => {
    cluster.add('elsewhere', 'ReplicaSet', { node: 'a01-04' });
    const { drain, close } = open();
    await drain.start(task);
    expect(await drain.progress(task)).toMatchObject({ drained: true, left: 0 });
    expect(await drain.kill(task)).toContain('nothing was left');
    expect(cluster.pods.size).toBe(1);
    await close();
  });

  it('S-2: says that the kubelet is gone; the pool says when its pods no longer count', async () => {
    cluster.add('web-1', 'ReplicaSet', { ending: true });
    const since = new Date(Date.now() - 86_400_000).toISOString();
    cluster.node.status.conditions = [{ type: 'Ready', status: 'Unknown', lastTransitionTime: since }];
    const { drain, close } = open();
    await drain.start(task);
    expect(await drain.progress(task)).toEqual({
      drained: false,
      left: 1,
      sentence: `the kubelet of a01-03 is not heard from since ${since}, and nothing ends there; one pod on the way out (shop/web-1)`,
    });
    await close();
    const later = open({ unreachableAfter: '172800' });
    expect(await later.drain.progress(task)).toMatchObject({ drained: false });
    await later.close();
    const over = open({ unreachableAfter: '3600' });
    expect(await over.drain.progress(task)).toMatchObject({
      drained: true,
      sentence: expect.stringContaining('no longer count'),
    });
    // Only what is on its way out: a pod that nobody may evict still counts.
    cluster.add('train', 'Job');
    expect(await over.drain.progress(task)).toMatchObject({ drained: false, left: 2 });
    await over.close();
  });

  it('S-11: leaves a cordon that a person put back, and no mark of ours behind', async () => {
    const ledger = ledgerOf(task.orderId);
    const { drain, close } = open();
    await drain.start({ ...task, ledger });
    delete cluster.node.spec.unschedulable;
    expect(await drain.progress({ ...task, ledger })).toMatchObject({ drained: false });
    expect(cluster.node.metadata.annotations).toEqual({});
    cluster.node.spec.unschedulable = true;
    expect(await drain.stop({ ...task, ledger })).toContain('stays so');
    expect(cluster.node.spec.unschedulable).toBe(true);
    await close();
  });

  it('S-11: removes its mark at a stop, also of a node that is not cordoned or is not ours', async () => {
    const { drain, close } = open();
    await drain.start(task);
    delete cluster.node.spec.unschedulable;
    expect(await drain.stop(task)).toBe('a01-03 is not cordoned');
    expect(cluster.node.metadata.annotations).toEqual({});
    cluster.node.spec.unschedulable = true;
    cluster.node.metadata.annotations['farrier/drain'] = 'farrier o-9: an old one';
    const ledger = ledgerOf(task.orderId);
    await ledger.take();
    expect(await drain.stop({ ...task, ledger })).toContain('stays so');
    expect(cluster.node).toMatchObject({ spec: { unschedulable: true }, metadata: { annotations: {} } });
    await close();
  });

  it('S-11: knows by whom a node was cordoned last, where the API server says so', async () => {
    const { drain, close } = open();
    await drain.start(task);
    const fieldsV1 = { 'f:spec': { 'f:unschedulable': {} } };
    Object.assign(cluster.node.metadata, {
      managedFields: [{ manager: 'kubectl-cordon', operation: 'Update', fieldsV1 }],
    });
    expect(await drain.stop(task)).toContain('stays so');
    Object.assign(cluster.node.metadata, { managedFields: [{ manager: 'farrier', operation: 'Update', fieldsV1 }] });
    cluster.node.metadata.annotations['farrier/drain'] = task.reason;
    expect(await drain.stop(task)).toBe('a01-03 is uncordoned');
    await close();
  });

  it('S-12: tells of a token that has ended, and since when', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const old = `${part({ alg: 'RS256' })}.${part({ exp: 1_790_000_000 })}.x`;
    const { drain, close } = open({}, old);
    await expect(drain.start(task)).rejects.toMatchObject({
      kind: 'refused',
      retryable: false,
      message: expect.stringContaining(`ended at ${new Date(1_790_000_000_000).toISOString()}`),
    });
    await close();
  });

  const unhappy: [string, OutsideReply, object][] = [
    [
      'a token that is not taken',
      { status: 401, body: { message: `Unauthorized ${token}` } },
      { kind: 'refused', retryable: false },
    ],
    [
      'a missing right',
      { status: 403, body: { message: 'nodes is forbidden' } },
      { kind: 'refused', retryable: false },
    ],
    [
      'a conflict',
      { status: 409, body: { message: 'the object has been modified' } },
      { kind: 'conflict', retryable: true },
    ],
    ['an overload', { status: 429, headers: { 'retry-after': '7' }, body: {} }, { kind: 'busy', retryAfter: 7 }],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'settings', retryable: false },
    ],
    ['a page of HTML', { body: '<html>' }, { kind: 'garbage' }],
    ['an answer to something else', { body: { kind: 'Status' } }, { kind: 'garbage' }],
  ];
  it.each(unhappy)('says what is wrong at %s, without a secret', async (_what, answered, error) => {
    server.trouble = () => answered;
    const { drain, close } = open();
    const thrown = await drain.start(task).catch((caught: Error) => caught);
    expect(thrown).toBeInstanceOf(Error);
    expect(thrown).toMatchObject(error);
    expect(String(thrown)).not.toContain(token);
    expect(cluster.node.spec.unschedulable).toBeUndefined();
    await close();
  });

  it('says that the cluster has no such node, and names a setting that is wrong', async () => {
    const { drain, close } = open();
    await expect(drain.start({ ...task, node: 'b99' })).rejects.toMatchObject({
      kind: 'missing',
      message: 'the cluster has no node b99',
    });
    await close();
    expect(() => open({ jobs: 'murder' })).toThrow(/jobs/);
    expect(() => open({ job: 'wait' })).toThrow(/job/);
  });
});
