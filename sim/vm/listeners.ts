import { setTimeout as delay } from 'node:timers/promises';
import type { RigNetwork } from './network.ts';
import { runProcess } from './process.ts';

/** A socket that has to be open in the namespace, e.g. `udp:67`. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

async function isOpen(network: RigNetwork, { protocol, port }: Listener): Promise<boolean> {
  const flags = protocol === 'tcp' ? '-Hltn' : '-Hlun';
  const { stdout } = await runProcess(network.command(['ss', flags, `sport = :${port}`]));
  return stdout.trim() !== '';
}

/**
 * Waits until something in the namespace listens on all of these. A server that is switched on before anybody
 * answers its broadcast gives up, and some firmware never tries again.
 */
export async function awaitListeners(
  network: RigNetwork,
  wanted: readonly Listener[],
  stop: AbortSignal,
): Promise<boolean> {
  for (const listener of wanted) {
    while (!(await isOpen(network, listener))) {
      if (stop.aborted) return false;
      await delay(200);
    }
  }
  return !stop.aborted;
}
