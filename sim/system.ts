import { insist, refusalOf } from './session.ts';
import type { InstalledSystem } from './state.ts';
import { type Body, hang, pass } from './world.ts';

/** Number of the first disk with a system on it; undefined when none can be booted. */
export function bootDisk(body: Body): number | undefined {
  const found = Object.entries(body.state.disks).find(([, disk]) => disk.system);
  return found ? Number(found[0]) : undefined;
}

/** The installed system: it reports once that it is ready, then runs until the power goes. */
export async function runSystem(body: Body, signal: AbortSignal): Promise<never> {
  const index = bootDisk(body);
  const system = index === undefined ? undefined : body.state.disks[index]?.system;
  await pass(body.world, 2, signal);
  body.enter('system');
  body.state.running = true;
  body.changed();
  body.note('disk-booted', { image: system?.image, hostname: system?.hostname });
  if (index !== undefined && system) await reportReady(body, index, system, signal);
  return hang(signal);
}

async function reportReady(body: Body, index: number, system: InstalledSystem, signal: AbortSignal): Promise<void> {
  const { readyToken, ...rest } = system;
  if (!readyToken) return;
  const { hostname, address, image, mark } = rest;
  const records = [{ kind: 'ready', fields: { boot: body.bootId, hostname, address, image, mark } }];
  const request = {
    origin: system.agentUrl,
    method: 'POST',
    path: '/agent/ready',
    token: readyToken,
    records,
  } as const;
  const answer = await insist(signal, () => body.world.wire.call(request, signal));
  if (answer.status === 200) body.note('ready');
  else body.note('agent-refused', { request: 'ready', status: answer.status, reason: refusalOf(answer) });
  body.state.disks[index] = { ...body.state.disks[index], content: 'farrier', system: rest };
  body.changed();
}
