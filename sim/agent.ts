/** The agent of the bootstrap image, as docs/agent.md describes its conversation. */
import type { AgentRecord } from '../contract/records.ts';
import { runBurnin } from './burnin.ts';
import { eraseDisks } from './erase.ts';
import { findFault } from './faults.ts';
import { installSystem } from './install.ts';
import { inventoryRecords } from './inventory.ts';
import { askApi, askNext, openSession, reportStep, SessionLost, type SimSession } from './session.ts';
import { type Body, hang, pass } from './world.ts';

export interface AgentBoot {
  readonly url: string;
  readonly token: string;
  readonly fast: boolean;
}

/** The kernel arguments that an agent needs; null for a kernel that is not the bootstrap image's. */
export function readAgentBoot(given: Readonly<Record<string, string>>): AgentBoot | null {
  const url = given['farrier.url'];
  const token = given['farrier.token'];
  return url && token ? { url, token, fast: given['farrier.fast'] === '1' } : null;
}

export async function runAgent(body: Body, boot: AgentBoot, signal: AbortSignal): Promise<'reboot'> {
  body.enter('agent');
  await pass(body.world, 0.3, signal);
  const session = await openSession(body, boot.url, boot.token, signal);
  if (findFault(body.state.faults, 'silent-agent')) {
    body.enter('hung');
    return hang(signal);
  }
  // A reboot at once would burn one boot after the other while the reason lasts.
  if (!session) return pass(body.world, 5, signal).then(() => 'reboot');
  try {
    for (const name of ['watchdog', 'clock', 'network']) await reportStep(body, session, signal, name, 'done', 0.1);
    await takeInventory(body, session, signal);
    return await obey(body, session, signal);
  } catch (error) {
    if (error instanceof SessionLost) return 'reboot';
    throw error;
  }
}

async function takeInventory(body: Body, session: SimSession, signal: AbortSignal): Promise<void> {
  const { hardware, state, world } = body;
  await pass(world, 1.2, signal);
  const records = inventoryRecords({
    hardware,
    faults: state.faults,
    disks: state.disks,
    bmcAddress: world.bmcAddressOf(hardware),
    placeOf: (machine) => world.placeOf(machine),
  });
  const answer = await askApi(body, session, '/agent/inventory', signal, records);
  const took = answer.status === 200;
  const failure = { device: 'inventory', message: 'the agent API refused the inventory' };
  await reportStep(body, session, signal, 'inventory', took ? 'done' : 'failed', 0.4, took ? {} : failure);
  await reportStep(body, session, signal, 'lldp', 'done', 0.8);
}

/** Does what it is told, one directive after the other, until one of them ends this boot. */
async function obey(body: Body, session: SimSession, signal: AbortSignal): Promise<'reboot'> {
  let seq = 0;
  for (;;) {
    const records = await askNext(body, session, seq, signal);
    const directive = records.find(({ kind }) => kind === 'directive');
    const next = Number(directive?.fields.seq ?? Number.NaN);
    if (!directive || Number.isNaN(next)) {
      await pass({ speed: 1 }, 1, signal);
      continue;
    }
    if (next === seq) continue;
    seq = next;
    const { fields } = directive;
    if (fields.do === 'burnin') await burnIn(body, session, signal, fields);
    if (fields.do === 'erase' && (await eraseDisks(body, session, signal, records)) === 'reboot') return 'reboot';
    if (fields.do === 'install') await installSystem(body, session, signal, fields);
    if (fields.do === 'reboot') return 'reboot';
    if (fields.do === 'handover') return handOver(body, session, signal, fields);
  }
}

// Filling an empty root over the network, in seconds of a machine's life.
const fillSeconds = 8;

/** Either way the machine ends in a restart; in place, only once its root has been filled and the kernel changed. */
async function handOver(
  body: Body,
  session: SimSession,
  signal: AbortSignal,
  { how = 'reboot' }: AgentRecord['fields'],
): Promise<'reboot'> {
  await reportStep(body, session, signal, 'handover', 'done', 0.1);
  body.note('handed-over', { how });
  if (how !== 'in-place') return 'reboot';
  body.enter('filling');
  await pass(body.world, fillSeconds, signal);
  body.note('root-filled');
  return 'reboot';
}

async function burnIn(
  body: Body,
  session: SimSession,
  signal: AbortSignal,
  fields: AgentRecord['fields'],
): Promise<void> {
  const { hardware, state, world } = body;
  const order = { stress: Number(fields.stress), cap: Number(fields.cap) };
  const run = runBurnin(hardware, state.faults, order, world.seed, state.boots);
  await reportStep(body, session, signal, 'burnin', 'running', 0);
  await spread(body, session, signal, Math.min(run.seconds, world.maxBurninSeconds));
  const end: AgentRecord = { kind: 'burnin', fields: { seconds: String(run.seconds), cut: run.cut ? '1' : '0' } };
  await askApi(body, session, '/agent/burnin', signal, [...run.parts, end]);
  await reportStep(body, session, signal, 'burnin', 'done', run.seconds);
  body.note('burned-in', { seconds: run.seconds, cut: run.cut });
}

/** Lets time pass and reports progress, at most once a second of real time. */
async function spread(body: Body, session: SimSession, signal: AbortSignal, seconds: number): Promise<void> {
  const parts = Math.max(1, Math.min(4, Math.floor(seconds / body.world.speed)));
  for (let part = 1; part <= parts; part += 1) {
    await pass(body.world, seconds / parts, signal);
    if (part === parts) return;
    const percent = String(Math.round((100 * part) / parts));
    await askApi(body, session, '/agent/progress', signal, [{ kind: 'progress', fields: { percent } }]);
  }
}
