import {
  type Configuration,
  CoreV1Api,
  createConfiguration,
  PatchStrategy,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  StorageV1Api,
  setHeaderOptions,
  type V1Node,
  type V1Pod,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { z } from 'zod';
import type { DrainProgress } from '../../contract/drain.ts';
import { mustHave } from '../outside/connection.ts';
import { OutsideError } from '../outside/errors.ts';
import { type Call, type Outside, openOutside } from '../outside/http.ts';
import {
  count,
  type Drain,
  type DrainTask,
  needConnection,
  type OpenDrain,
  ours,
  readDrainSettings,
  some,
} from './drain.ts';
import { decideFate, nameOf, type PodFate, type PodPolicy } from './pods.ts';

const shape = {
  jobs: z.enum(['wait', 'evict']).default('wait'),
  bare: z.enum(['wait', 'evict']).default('wait'),
  localData: z.enum(['wait', 'evict']).default('evict'),
  /** Volumes that are attached still when the last pod has gone; looking at them takes a right of its own. */
  volumes: z.enum(['wait', 'ignore']).default('ignore'),
  /** Seconds that a killed pod has to end; its own grace period when absent. */
  killGrace: z.coerce.number().int().min(0).max(3600).optional(),
};

/** Holds what we cordoned for: its absence on a cordoned node says that somebody else did it. */
const mark = 'farrier/drain';
const perPage = 500;
const mostPages = 20;

/** Cordons and evicts through the API server with a service account's token. */
export const openKubernetes: OpenDrain = (place) => {
  const { killGrace, volumes, ...policy } = readDrainSettings(shape, place.settings);
  const connection = mustHave(needConnection(place), 'token');
  const outside = openOutside(connection);
  const configuration = configure(outside, connection.token);
  const storage = volumes === 'wait' ? new StorageV1Api(configuration) : null;
  return { drain: new Kubernetes(new CoreV1Api(configuration), storage, policy, killGrace), close: outside.close };
};

/** The generated client over our own transport: its own follows redirects and reads answers of any length. */
function configure(outside: Outside, token: string): Configuration {
  const httpApi = wrapHttpLibrary({
    async send(request: RequestContext) {
      const { pathname, search } = new URL(request.getUrl());
      const body = request.getBody();
      const { status, headers, text } = await outside.send({
        method: request.getHttpMethod() as Call['method'],
        path: `${pathname}${search}`,
        headers: { ...request.getHeaders(), authorization: `Bearer ${token}` },
        ...(typeof body === 'string' ? { text: body } : {}),
      });
      checkObject(text);
      return new ResponseContext(
        status,
        { 'content-type': String(headers['content-type'] ?? '') },
        {
          text: async () => text,
          binary: async () => Buffer.from(text),
          stream: () => null,
        },
      );
    },
  });
  return createConfiguration({ baseServer: new ServerConfiguration(outside.origin, {}), httpApi });
}

/** The generated client takes whatever it is given for what it asked for; an API server's objects say their kind. */
function checkObject(text: string): void {
  try {
    const { kind } = JSON.parse(text) as { kind?: unknown };
    if (typeof kind === 'string') return;
  } catch {
    // A page of a proxy's, most likely.
  }
  throw new OutsideError('garbage', 'what answers is no API server of Kubernetes');
}

class Kubernetes implements Drain {
  private readonly api: CoreV1Api;
  private readonly storage: StorageV1Api | null;
  private readonly policy: PodPolicy;
  private readonly killGrace: number | undefined;

  constructor(api: CoreV1Api, storage: StorageV1Api | null, policy: PodPolicy, killGrace: number | undefined) {
    this.api = api;
    this.storage = storage;
    this.policy = policy;
    this.killGrace = killGrace;
  }

  async start({ node: name, reason }: DrainTask): Promise<string> {
    const node = await this.node(name);
    if (node.spec?.unschedulable !== true) {
      await this.patch(node, { metadata: { annotations: { [mark]: reason } }, spec: { unschedulable: true } });
      return `${name} is cordoned`;
    }
    return markOf(node) === null ? `${name} was cordoned by somebody else` : `${name} is cordoned already`;
  }

  async progress({ node }: DrainTask): Promise<DrainProgress> {
    if ((await this.node(node)).spec?.unschedulable !== true) {
      return { drained: false, left: 1, sentence: `somebody uncordoned ${node}: new pods may come at any time` };
    }
    const pods = await this.pods(node);
    const held: string[] = [];
    const evicted: string[] = [];
    for (const pod of pods.get('evict') ?? []) {
      const gone = await this.evict(pod);
      if (gone === 'not-yet') held.push(nameOf(pod));
      if (gone === 'leaves') evicted.push(nameOf(pod));
    }
    const told = tellPods(node, pods, held, evicted);
    return told.drained ? ((await this.tellVolumes(node)) ?? told) : told;
  }

  /** Clean-up lags behind the last pod, and a volume that is still attached may be written to; null when none is. */
  private async tellVolumes(node: string): Promise<DrainProgress | null> {
    const list = (await this.storage?.listVolumeAttachment({ limit: perPage * mostPages }))?.items ?? [];
    const here = list.filter(({ spec, status }) => spec.nodeName === node && status?.attached === true);
    if (here.length === 0) return null;
    const names = here.map(({ spec, metadata }) => spec.source.persistentVolumeName ?? metadata?.name ?? 'unknown');
    const sentence = `no pod is left, and ${count(here.length, 'volume')} still attached (${some(names)})`;
    return { drained: false, left: here.length, sentence };
  }

  async stop({ node: name }: DrainTask): Promise<string> {
    const node = await this.node(name);
    if (node.spec?.unschedulable !== true) return `${name} is not cordoned`;
    if (markOf(node) === null) return `${name} was cordoned by somebody else and stays so`;
    await this.patch(node, { metadata: { annotations: { [mark]: null } }, spec: { unschedulable: null } });
    return `${name} is uncordoned`;
  }

  /** Deletes instead of evicting: disruption budgets no longer hold it up. */
  async kill({ node }: DrainTask): Promise<string> {
    const pods = await this.pods(node);
    const left = (['evict', 'job', 'bare', 'local-data', 'ending'] as const).flatMap((fate) => pods.get(fate) ?? []);
    for (const pod of left) await this.remove(pod);
    return left.length === 0 ? `nothing was left on ${node}` : `${count(left.length, 'pod')} deleted on ${node}`;
  }

  private async node(name: string): Promise<V1Node> {
    try {
      const node = await this.api.readNode({ name });
      if (node.metadata?.name !== name)
        throw new OutsideError('garbage', `asked for ${name}, the cluster told of another`);
      return node;
    } catch (error) {
      if (!(error instanceof OutsideError) || error.kind !== 'missing') throw error;
      throw new OutsideError('missing', `the cluster has no node ${name}`);
    }
  }

  /** Only if the node is as we read it: of two that change it at once, one is told of the conflict and reads again. */
  private async patch(node: V1Node, change: { metadata: object; spec: object }): Promise<void> {
    const { name = '', resourceVersion } = node.metadata ?? {};
    const body = { ...change, metadata: { ...change.metadata, resourceVersion } };
    await this.api.patchNode({ name, body }, setHeaderOptions('content-type', PatchStrategy.MergePatch));
  }

  private async pods(node: string): Promise<Map<PodFate, V1Pod[]>> {
    const found: V1Pod[] = [];
    let from: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const list = await this.api.listPodForAllNamespaces({
        fieldSelector: `spec.nodeName=${node}`,
        limit: perPage,
        ...(from ? { _continue: from } : {}),
      });
      if (!Array.isArray(list.items)) throw new OutsideError('garbage', 'the list of pods is none');
      found.push(...list.items);
      from = list.metadata?._continue;
      if (!from) return Map.groupBy(found, (pod) => decideFate(pod, this.policy));
    }
    throw new OutsideError('garbage', `${node} has more than ${mostPages * perPage} pods, says the cluster`);
  }

  private async evict(pod: V1Pod): Promise<'leaves' | 'not-yet' | 'gone'> {
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    const body = { metadata: { name, namespace }, deleteOptions: { preconditions: { ...(uid ? { uid } : {}) } } };
    try {
      await this.api.createNamespacedPodEviction({ name, namespace, body });
      return 'leaves';
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      if (error.kind === 'missing' || error.kind === 'conflict') return 'gone';
      // 429 is a disruption budget's "not yet"; 500 is what two budgets over one pod are answered with.
      if (error.status === 429 || error.status === 500) return 'not-yet';
      throw error;
    }
  }

  private async remove(pod: V1Pod): Promise<void> {
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    try {
      await this.api.deleteNamespacedPod({
        name,
        namespace,
        body: {
          preconditions: { ...(uid ? { uid } : {}) },
          ...(this.killGrace === undefined ? {} : { gracePeriodSeconds: this.killGrace }),
        },
      });
    } catch (error) {
      const gone = error instanceof OutsideError && (error.kind === 'missing' || error.kind === 'conflict');
      if (!gone) throw error;
    }
  }
}

function markOf(node: V1Node): string | null {
  const value = node.metadata?.annotations?.[mark];
  return value?.startsWith(ours) ? value : null;
}

/** What is left, by why it is still there. Pure. */
function tellPods(
  node: string,
  pods: ReadonlyMap<PodFate, readonly V1Pod[]>,
  held: readonly string[],
  evicted: readonly string[],
): DrainProgress {
  const named = (fate: PodFate) => (pods.get(fate) ?? []).map(nameOf);
  const ending = [...named('ending'), ...evicted];
  const parts: [readonly string[], string][] = [
    [ending, 'on the way out'],
    [held, 'held by a disruption budget'],
    [named('job'), 'of jobs, which run to their end'],
    [named('bare'), 'without a controller, which would not come back'],
    [named('local-data'), 'with local data'],
  ];
  const there = parts.filter(([names]) => names.length > 0);
  const left = there.reduce((sum, [names]) => sum + names.length, 0);
  if (left === 0) return { drained: true, left, sentence: `${node} runs nothing but what belongs to it` };
  const said = there.map(([names, why]) => `${count(names.length, 'pod')} ${why} (${some(names)})`).join('; ');
  return { drained: false, left, sentence: said };
}
