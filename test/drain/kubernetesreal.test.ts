/** The adapter against a real Kubernetes API server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DrainTask } from '../../integrations/schedulers/drain.ts';
import { openKubernetes } from '../../integrations/schedulers/kubernetes.ts';
import { type KubernetesCluster, startKubernetes } from '../support/kubernetes/cluster.ts';
import { ledgerOf } from '../support/ledger.ts';

const cluster = await startKubernetes();
afterAll(() => cluster?.stop());

describe.skipIf(cluster === null)('draining a node of a real API server', () => {
  const { admin, connection } = (cluster ?? {}) as KubernetesCluster;
  const post = (path: string, json: object) => admin({ method: 'POST', path, json });
  let token = '';
  let serial = 0;
  let node = '';
  let task: DrainTask;
  const nodePath = () => `/api/v1/nodes/${node}`;
  const merge = (path: string, json: object, manager = 'kubectl-edit') =>
    admin({
      method: 'PATCH',
      path: `${path}?fieldManager=${manager}`,
      text: JSON.stringify(json),
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  const readNode = () =>
    admin<{ spec: { unschedulable?: boolean }; metadata: { annotations?: Record<string, string> } }>({
      method: 'GET',
      path: nodePath(),
    });

  /** With just the rights that docs/drain.md names. */
  beforeAll(async () => {
    await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'farrier' } });
    const rule = (apiGroups: string, resources: string, ...verbs: string[]) => ({
      apiGroups: [apiGroups],
      resources: [resources],
      verbs,
    });
    const rules = [
      rule('', 'nodes', 'get', 'patch'),
      rule('', 'pods', 'list', 'delete'),
      rule('', 'pods/eviction', 'create'),
      rule('storage.k8s.io', 'volumeattachments', 'list'),
    ];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await post(`${rbac}/clusterroles`, { metadata: { name: 'farrier' }, rules });
    await post(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'farrier' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'farrier' },
      subjects: [{ kind: 'ServiceAccount', name: 'farrier', namespace: 'default' }],
    });
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
    const given = (await post('/api/v1/namespaces/default/serviceaccounts/farrier/token', request)) as {
      status: { token: string };
    };
    token = given.status.token;
  });

  beforeEach(async () => {
    serial += 1;
    node = `a01-${serial}`;
    task = { node, machineId: 'm-1', orderId: `o-${serial}`, reason: `farrier o-${serial}: firmware` };
    await post('/api/v1/nodes', { metadata: { name: node } });
  });

  const open = (settings: Record<string, string> = {}) => openKubernetes({ settings, connection: connection(token) });
  const podPath = (name: string, namespace = 'default') => `/api/v1/namespaces/${namespace}/pods/${name}-${serial}`;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u-1', controller: true };
  const addPod = async (name: string, { namespace = 'default', labels = {} } = {}) => {
    await post(`/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name: `${name}-${serial}`, labels, ownerReferences: [owner] },
      spec: { nodeName: node, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'none' }] },
    });
    const status = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    await merge(`${podPath(name, namespace)}/status`, status);
  };
  /** What the kubelet does at the end of a pod that is on its way out. */
  const endPod = (name: string, namespace = 'default') =>
    admin({ method: 'DELETE', path: `${podPath(name, namespace)}?gracePeriodSeconds=0` });

  it('cordons, evicts, waits for what is on its way out, and uncordons', async () => {
    await addPod('web');
    const { drain, close } = open();
    expect(await drain.start(task)).toBe(`${node} is cordoned`);
    expect(await drain.start(task)).toBe(`${node} is cordoned already`);
    const leaving = { drained: false, left: 1, sentence: `one pod on the way out (default/web-${serial})` };
    expect(await drain.progress(task)).toEqual(leaving);
    expect(await drain.progress(task)).toEqual(leaving);
    await endPod('web');
    expect(await drain.progress(task)).toMatchObject({ drained: true, left: 0 });
    expect(await drain.stop(task)).toBe(`${node} is uncordoned`);
    expect((await readNode()).spec.unschedulable).toBeUndefined();
    await close();
  });

  it('S-12: a policy that refuses one pod, and a namespace that ends, keep no other', async () => {
    const policies = '/apis/admissionregistration.k8s.io/v1';
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods/eviction'] };
    await post(`${policies}/validatingadmissionpolicies`, {
      metadata: { name: 'guard' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: "!object.metadata.name.startsWith('guarded')", message: 'the guard says no' }],
      },
    });
    await post(`${policies}/validatingadmissionpolicybindings`, {
      metadata: { name: 'guard' },
      spec: { policyName: 'guard', validationActions: ['Deny'] },
    });
    await post('/api/v1/namespaces', { metadata: { name: 'ends' } });
    for (const name of ['a', 'guarded', 'z']) await addPod(name);
    await addPod('late', { namespace: 'ends' });
    await admin({ method: 'DELETE', path: '/api/v1/namespaces/ends' });
    // A policy is in force a moment after it was made.
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: `guarded-${serial}` } };
    const tried = () => post(`${podPath('guarded')}/eviction?dryRun=All`, eviction).then(() => 'evicted', String);
    await expect.poll(tried).toContain('the guard says no');
    const { drain, close } = open();
    await drain.start(task);
    await drain.progress(task);
    const { sentence, left } = await drain.progress(task);
    expect(left).toBe(4);
    expect(sentence).toContain(`2 pods on the way out (default/a-${serial}, default/z-${serial})`);
    expect(sentence).toContain(`(default/guarded-${serial})`);
    expect(sentence).toMatch(/refused by the cluster: .*being terminated.*\(ends\/late-/);
    await close();
  });

  it('S-1: a disruption budget is "not yet"', async () => {
    await addPod('db', { labels: { app: `db-${serial}` } });
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    const selector = { matchLabels: { app: `db-${serial}` } };
    await post(budgets, { metadata: { name: `db-${serial}` }, spec: { minAvailable: 1, selector } });
    const { drain, close } = open();
    await drain.start(task);
    expect((await drain.progress(task)).sentence).toContain('one pod held by a disruption budget');
    await close();
  });

  it.each(['a look', 'a stop'])(
    'S-11: a cordon that a person put back after %s saw it lifted is left',
    async (what) => {
      const mine = { ...task, ledger: ledgerOf(task.orderId) };
      const { drain, close } = open();
      await drain.start(mine);
      await merge(nodePath(), { spec: { unschedulable: null } }, 'kubectl-uncordon');
      if (what === 'a look') expect((await drain.progress(mine)).drained).toBe(false);
      else expect(await drain.stop(mine)).toBe(`${node} is not cordoned`);
      await merge(nodePath(), { spec: { unschedulable: true } }, 'kubectl-cordon');
      expect(await drain.stop(mine)).toBe(`${node} was cordoned by somebody else and stays so`);
      // Nor does an order that knows nothing of it, and finds no mark.
      expect(await drain.stop({ ...task, orderId: 'o-later' })).toContain('stays so');
      const { spec, metadata } = await readNode();
      expect([spec.unschedulable, metadata.annotations?.['farrier/drain']]).toEqual([true, undefined]);
      await close();
    },
  );

  it('S-2: says that the kubelet is gone', async () => {
    await addPod('web');
    const since = new Date(Date.now() - 7_200_000).toISOString().replace(/\.\d+Z$/, 'Z');
    const ready = {
      type: 'Ready',
      status: 'Unknown',
      lastTransitionTime: since,
      lastHeartbeatTime: since,
      reason: 'x',
    };
    await merge(`${nodePath()}/status`, { status: { conditions: [ready] } });
    const waiting = open();
    await waiting.drain.start(task);
    expect((await waiting.drain.progress(task)).sentence).toContain('is not heard from since');
    await waiting.close();
    const over = open({ unreachableAfter: '3600' });
    expect(await over.drain.progress(task)).toMatchObject({ drained: true });
    await over.close();
  });

  it('S-12: tells a token that is not taken as what a person has to mend', async () => {
    const { drain, close } = openKubernetes({ settings: {}, connection: connection('of-another-cluster') });
    await expect(drain.start(task)).rejects.toMatchObject({ kind: 'refused', retryable: false });
    await close();
  });

  it('tells a node that the cluster does not have', async () => {
    const { drain, close } = open();
    const wrong = { ...task, node: 'b99' };
    await expect(drain.progress(wrong)).rejects.toMatchObject({ kind: 'missing' });
    await close();
  });
});
