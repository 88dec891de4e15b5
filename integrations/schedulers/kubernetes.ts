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
import type { DrainProgress } from '../../domain/drain.ts';
import { mustHave } from '../http/connection.ts';
import { OutsideError } from '../http/errors.ts';
import { type HttpRequest, type Outside, openOutside } from '../http/http.ts';
import {
  count,
  type Drain,
  type DrainTask,
  isOurReason,
  needConnection,
  type OpenDrain,
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
  /** Seconds without a kubelet after which pods on their way out no longer count; they do for ever when absent. */
  unreachableAfter: z.coerce.number().int().min(60).max(31_536_000).optional(),
  /** Seconds that a killed pod has to end; its own grace period when absent. */
  killGraceSeconds: z.coerce.number().int().min(0).max(3600).optional(),
};

/** Holds what we cordoned for, and by which order. */
const mark = 'farrier/drain';
/** Who the API server writes down as the last to change a field. */
const fieldManager = 'farrier';
const perPage = 500;
const maxPages = 20;

/** Cordons and evicts through the API server with a service account's token. */
export const openKubernetes: OpenDrain = (place) => {
  const { killGraceSeconds, volumes, unreachableAfter, ...policy } = readDrainSettings(shape, place.settings);
  const connection = mustHave(needConnection(place), 'token');
  const outside = openOutside(connection);
  const configuration = configure(outside, connection.token);
  const storage = volumes === 'wait' ? new StorageV1Api(configuration) : null;
  const limits = { killGraceSeconds, unreachableAfter };
  return { drain: new Kubernetes(new CoreV1Api(configuration), storage, policy, limits), close: outside.close };
};

/** The generated client over our own transport: its own follows redirects and reads answers of any length. */
function configure(outside: Outside, token: string): Configuration {
  const httpApi = wrapHttpLibrary({
    async send(request: RequestContext) {
      const { pathname, search } = new URL(request.getUrl());
      const body = request.getBody();
      const call: HttpRequest = {
        method: request.getHttpMethod() as HttpRequest['method'],
        path: `${pathname}${search}`,
        headers: { ...request.getHeaders(), authorization: `Bearer ${token}` },
        ...(typeof body === 'string' ? { text: body } : {}),
      };
      const { status, headers, text } = await outside.send(call).catch((error: unknown) => {
        throw endedToken(error, token) ?? error;
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

/** Tokens of service accounts end, usually after an hour; which one is in the secret is read anew for each activity. */
function endedToken(error: unknown, token: string): OutsideError | null {
  if (!(error instanceof OutsideError) || error.status !== 401) return null;
  const end = expiryOf(token);
  if (end === null || end > Date.now()) return null;
  const sentence = `the service account's token ended at ${new Date(end).toISOString()}: put a new one into the secret`;
  return new OutsideError('refused', sentence, { status: 401 });
}

/** Milliseconds since 1970 at which a JSON Web Token ends (RFC 7519, `exp`); null where it does not say. */
function expiryOf(token: string): number | null {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null;
  }
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
  private readonly limits: Limits;

  constructor(api: CoreV1Api, storage: StorageV1Api | null, policy: PodPolicy, limits: Limits) {
    this.api = api;
    this.storage = storage;
    this.policy = policy;
    this.limits = limits;
  }

  async start(task: DrainTask): Promise<string> {
    const { node: name, reason, ledger } = task;
    const node = await this.node(name);
    if (node.spec?.unschedulable !== true) {
      await ledger?.take();
      await this.patch(node, { metadata: { annotations: { [mark]: reason } }, spec: { unschedulable: true } });
      return `${name} is cordoned`;
    }
    return (await isOurs(node, task)) ? `${name} is cordoned already` : `${name} was cordoned by somebody else`;
  }

  async progress(task: DrainTask): Promise<DrainProgress> {
    const { node: name } = task;
    const node = await this.node(name);
    if (node.spec?.unschedulable !== true) {
      // A cordon that somebody puts back is theirs, which a mark that is left would belie.
      await this.forget(node, task);
      return { drained: false, left: 1, sentence: `somebody uncordoned ${name}: new pods may come at any time` };
    }
    const pods = await this.pods(name);
    const refused = new Map<string, string[]>();
    const evicted: string[] = [];
    for (const pod of pods.get('evict') ?? []) {
      const why = await this.evict(pod);
      if (why === null) evicted.push(nameOf(pod));
      else refused.set(why, [...(refused.get(why) ?? []), nameOf(pod)]);
    }
    const progress = describePods(name, pods, refused, evicted, this.findSilence(node));
    return progress.drained ? ((await this.findVolumes(name)) ?? progress) : progress;
  }

  /** That the kubelet is not heard from, and whether for so long that pods on their way out no longer count. */
  private findSilence(node: V1Node): Silence | null {
    const ready = node.status?.conditions?.find((one) => one?.type === 'Ready');
    if (ready?.status !== 'Unknown') return null;
    const changedAt = new Date(ready.lastTransitionTime ?? Number.NaN);
    // A time that is not shown is read as 1970 by the generated client.
    const since = changedAt.getTime() > 0 ? changedAt : null;
    const seconds = since === null ? 0 : (Date.now() - since.getTime()) / 1000;
    return { since, over: seconds >= (this.limits.unreachableAfter ?? Number.POSITIVE_INFINITY) };
  }

  /** Clean-up lags behind the last pod, and a volume that is still attached may be written to; null when none is. */
  private async findVolumes(node: string): Promise<DrainProgress | null> {
    const list = (await this.storage?.listVolumeAttachment({ limit: perPage * maxPages }))?.items ?? [];
    const here = list.filter(({ spec, status }) => spec.nodeName === node && status?.attached === true);
    if (here.length === 0) return null;
    const names = here.map(({ spec, metadata }) => spec.source.persistentVolumeName ?? metadata?.name ?? 'unknown');
    const sentence = `no pod is left, and ${count(here.length, 'volume')} still attached (${some(names)})`;
    return { drained: false, left: here.length, sentence };
  }

  async stop(task: DrainTask): Promise<string> {
    const { node: name } = task;
    const node = await this.node(name);
    const cordoned = node.spec?.unschedulable === true;
    if (!cordoned || !(await isOurs(node, task))) {
      await this.forget(node, task);
      return cordoned ? `${name} was cordoned by somebody else and stays so` : `${name} is not cordoned`;
    }
    await this.patch(node, { metadata: { annotations: { [mark]: null } }, spec: { unschedulable: null } });
    await task.ledger?.end();
    return `${name} is uncordoned`;
  }

  /** It is ours no longer: nothing of ours is left at it that a later stop could read. */
  private async forget(node: V1Node, { ledger }: DrainTask): Promise<void> {
    await ledger?.end();
    if (node.metadata?.annotations?.[mark] !== undefined)
      await this.patch(node, { metadata: { annotations: { [mark]: null } } });
  }

  /** Deletes instead of evicting: disruption budgets no longer hold it up. One that can't be deleted keeps no other. */
  async kill({ node }: DrainTask): Promise<string> {
    const pods = await this.pods(node);
    const left = (['evict', 'job', 'bare', 'local-data', 'ending'] as const).flatMap((fate) => pods.get(fate) ?? []);
    if (left.length === 0) return `nothing was left on ${node}`;
    const refused: string[] = [];
    for (const pod of left) {
      const why = await this.remove(pod);
      if (why !== null) refused.push(`${nameOf(pod)}: ${why}`);
    }
    const deleted = `${count(left.length - refused.length, 'pod')} deleted on ${node}`;
    return refused.length === 0 ? deleted : `${deleted}; refused for ${some(refused)}`;
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
  private async patch(node: V1Node, change: { metadata: object; spec?: object }): Promise<void> {
    const { name = '', resourceVersion } = node.metadata ?? {};
    const body = { ...change, metadata: { ...change.metadata, resourceVersion } };
    await this.api.patchNode({ name, body, fieldManager }, setHeaderOptions('content-type', PatchStrategy.MergePatch));
  }

  private async pods(node: string): Promise<Map<PodFate, V1Pod[]>> {
    const found: V1Pod[] = [];
    let from: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const list = await this.api.listPodForAllNamespaces({
        fieldSelector: `spec.nodeName=${node}`,
        limit: perPage,
        ...(from ? { _continue: from } : {}),
      });
      if (!Array.isArray(list.items)) throw new OutsideError('garbage', 'the list of pods is none');
      // Whoever answers without the condition tells of the whole cluster.
      const items = list.items.map((one): V1Pod => one ?? {});
      found.push(...items.filter(({ spec }) => (spec?.nodeName ?? node) === node));
      from = list.metadata?._continue;
      if (!from) return Map.groupBy(found, (pod) => decideFate(pod, this.policy));
    }
    throw new OutsideError('garbage', `${node} has more than ${maxPages * perPage} pods, says the cluster`);
  }

  /**
   * Null when it leaves; else why it does not, which concerns this pod alone: the others are asked all the same. What is
   * answered as gone, or as another by its name, is known to be so only by the next list.
   */
  private async evict(pod: V1Pod): Promise<string | null> {
    const { name, namespace, uid } = pod.metadata ?? {};
    if (!name || !namespace) return withoutName;
    const body = { metadata: { name, namespace }, deleteOptions: { preconditions: { ...(uid ? { uid } : {}) } } };
    try {
      await this.api.createNamespacedPodEviction({ name, namespace, body });
      return null;
    } catch (error) {
      const refusal = refusalOfPod(error);
      if (refusal.kind === 'missing' || refusal.kind === 'conflict') return null;
      // 429 is a disruption budget's "not yet", and 500 what two over one pod are answered with; others say so too.
      if ([429, 500].includes(refusal.status ?? 0) && /budget/i.test(refusal.message)) return heldByBudget;
      return `refused by the cluster: ${reasonIn(refusal)}`;
    }
  }

  /** Null when it is gone or leaves; else why not. */
  private async remove(pod: V1Pod): Promise<string | null> {
    const { name, namespace, uid } = pod.metadata ?? {};
    if (!name || !namespace) return withoutName;
    try {
      await this.api.deleteNamespacedPod({
        name,
        namespace,
        body: {
          preconditions: { ...(uid ? { uid } : {}) },
          ...(this.limits.killGraceSeconds === undefined ? {} : { gracePeriodSeconds: this.limits.killGraceSeconds }),
        },
      });
      return null;
    } catch (error) {
      const refusal = refusalOfPod(error);
      return refusal.kind === 'missing' || refusal.kind === 'conflict' ? null : reasonIn(refusal);
    }
  }
}

interface Limits {
  readonly killGraceSeconds: number | undefined;
  readonly unreachableAfter: number | undefined;
}

const heldByBudget = 'held by a disruption budget';
/** Without a name, the path of a pod is the one of all pods of its namespace. */
const withoutName = 'shown without a name';

/** What the API server answers of one pod: an admission webhook's 400 or 422, 403 where its namespace ends. */
function refusalOfPod(error: unknown): OutsideError {
  if (error instanceof OutsideError && error.status !== null && error.status >= 400 && error.status !== 401)
    return error;
  throw error;
}

/** What it says itself, without how it was asked. */
function reasonIn({ message, status }: OutsideError): string {
  return message.replace(/^.*? was answered \d+:? ?/s, '') || `${status}`;
}

/**
 * Whether the cordon is ours: by the MDB, which knows of each node that Farrier took and whether it was in service again
 * since; by the mark, which names the order; and by whom the API server wrote down as the last to cordon it.
 */
async function isOurs(node: V1Node, { ledger }: DrainTask): Promise<boolean> {
  const taken = await ledger?.read();
  if (taken === null || (taken && taken.endedAt !== null)) return false;
  if (!isOurReason(node.metadata?.annotations?.[mark], taken?.orderId)) return false;
  const by = cordonedBy(node);
  return by === null || by === fieldManager;
}

/** Null where the API server does not say: managed fields may be left out. */
function cordonedBy(node: V1Node): string | null {
  const owns = ({ fieldsV1 }: { fieldsV1?: unknown }) => {
    const spec = (fieldsV1 as Record<string, Record<string, unknown>> | undefined)?.['f:spec'];
    return spec?.['f:unschedulable'] !== undefined;
  };
  return node.metadata?.managedFields?.find(owns)?.manager ?? null;
}

/** A kubelet that is not heard from, since when, and whether the pool says that it is over. */
interface Silence {
  readonly since: Date | null;
  readonly over: boolean;
}

/** What is left, by why it is still there. Pure. */
function describePods(
  node: string,
  pods: ReadonlyMap<PodFate, readonly V1Pod[]>,
  refused: ReadonlyMap<string, readonly string[]>,
  evicted: readonly string[],
  silence: Silence | null,
): DrainProgress {
  const named = (fate: PodFate) => (pods.get(fate) ?? []).map(nameOf);
  const ending = [...named('ending'), ...evicted];
  const parts: [readonly string[], string][] = [
    [ending, 'on the way out'],
    ...[...refused].map(([why, names]): [readonly string[], string] => [names, why]),
    [named('job'), 'of jobs, which run to their end'],
    [named('bare'), 'without a controller, which would not come back'],
    [named('local-data'), 'with local data'],
  ];
  const there = parts.filter(([names]) => names.length > 0);
  const left = there.reduce((sum, [names]) => sum + names.length, 0);
  if (left === 0) return { drained: true, left, sentence: `${node} runs nothing but what belongs to it` };
  const said = there.map(([names, why]) => `${count(names.length, 'pod')} ${why} (${some(names)})`).join('; ');
  if (silence === null) return { drained: false, left, sentence: said };
  const gone = `the kubelet of ${node} is not heard from${silence.since ? ` since ${silence.since.toISOString()}` : ''}`;
  if (silence.over && left === named('ending').length)
    return { drained: true, left: 0, sentence: `${gone}: as the pool says, ${said} no longer count` };
  return { drained: false, left, sentence: `${gone}, and nothing ends there; ${said}` };
}
