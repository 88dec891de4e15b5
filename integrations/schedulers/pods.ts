/** What becomes of each pod of a node that is drained. Pure. */
import type { V1Pod } from '@kubernetes/client-node';

export interface PodPolicy {
  /** Pods of a Job: wait for their end, or evict them and lose what they had done. */
  readonly jobs: 'wait' | 'evict';
  /** Pods without a controller do not come back anywhere. */
  readonly bare: 'wait' | 'evict';
  /** Pods with an emptyDir lose what is in it. */
  readonly localData: 'wait' | 'evict';
}

/** `stays`: it belongs to the node. `over`: it has ended. `ending`: it is on its way out. */
export type PodFate = 'stays' | 'over' | 'ending' | 'evict' | 'job' | 'bare' | 'local-data';

export function decideFate(pod: V1Pod, policy: PodPolicy): PodFate {
  const owner = pod.metadata?.ownerReferences?.find((one) => one?.controller === true);
  // A mirror pod is the kubelet's own, from a file on the node, which owns it; a daemon set would put its pod back at once.
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return 'stays';
  if (owner?.kind === 'DaemonSet' || owner?.kind === 'Node') return 'stays';
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 'over';
  if ((pod.metadata?.deletionTimestamp ?? null) !== null) return 'ending';
  if (owner?.kind === 'Job' && policy.jobs === 'wait') return 'job';
  if (owner === undefined && policy.bare === 'wait') return 'bare';
  const local = pod.spec?.volumes?.some((one) => (one?.emptyDir ?? null) !== null) === true;
  return local && policy.localData === 'wait' ? 'local-data' : 'evict';
}

export function nameOf(pod: V1Pod): string {
  return `${pod.metadata?.namespace ?? 'unknown'}/${pod.metadata?.name ?? 'unknown'}`;
}
