import type { AgentRecord } from '../contract/records.ts';
import { presentDisks } from './burnin.ts';
import { drawUuid } from './chance.ts';
import { findFault } from './faults.ts';
import { askApi, reportStep, type SimSession } from './session.ts';
import { type Body, pass } from './world.ts';

type Fields = AgentRecord['fields'];
type Present = ReturnType<typeof presentDisks>[number];

/** A step that cannot be done, with the device it is about. */
class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly device: string;
  constructor(device: string, message: string) {
    super(message);
    this.device = device;
  }
}

interface Job {
  readonly body: Body;
  readonly session: SimSession;
  readonly signal: AbortSignal;
  readonly order: Fields;
  disk?: Present;
  key?: { readonly store: string; readonly fingerprint: string };
}

/** The install directive's steps in order, with the seconds each takes a real machine. */
const steps: readonly (readonly [name: string, seconds: number, work: (job: Job) => void | Promise<void>])[] = [
  ['keys', 0.1, makeKeys],
  ['partition', 0.4, partition],
  ['filesystem', 0.6, () => {}],
  ['bootloader', 0.3, keepBootFiles],
  ['image', 2, fetchImage],
  ['root', 0.5, writeRoot],
  ['installed', 0.1, reportInstalled],
];

/** Carries out an install directive; a step that fails is reported with its device, and the rest is left undone. */
export async function installSystem(
  body: Body,
  session: SimSession,
  signal: AbortSignal,
  order: Fields,
): Promise<void> {
  const job: Job = { body, session, signal, order };
  for (const [name, seconds, work] of steps) {
    try {
      await pass(body.world, seconds, signal);
      await work(job);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      const { device, message } = error;
      await reportStep(body, session, signal, name, 'failed', seconds, { device, message });
      return;
    }
    await reportStep(body, session, signal, name, 'done', seconds);
  }
}

/** New random keys; the old ones are gone, and with them whatever they locked. */
function makeKeys(job: Job): void {
  const { body } = job;
  if (body.state.keyFingerprint) body.note('keys-discarded', { fingerprint: body.state.keyFingerprint });
  const { model } = body.hardware;
  const store = model.tpm ? 'tpm' : model.firmware === 'uefi' ? 'nvram' : 'none';
  const fingerprint = drawUuid(body.world.seed, body.hardware.id, 'key', body.bootId).replaceAll('-', '');
  body.state.keyFingerprint = fingerprint;
  body.changed();
  job.key = { store, fingerprint };
}

function partition(job: Job): void {
  const { body, order } = job;
  const disk = presentDisks(body.hardware, body.state.faults).find(({ serial }) => serial === order.disk);
  if (!disk) throw new StepFailure(`disk ${order.disk}`, `there is no disk with serial ${order.disk}`);
  const dead = findFault(body.state.faults, 'dead-disk');
  if (dead?.disk === disk.index) {
    throw new StepFailure(nameOf(disk), `${disk.disk.name}: input/output error at sector 0`);
  }
  const before = body.state.disks[disk.index]?.content ?? 'blank';
  body.state.disks[disk.index] = { content: 'farrier', mark: order.mark ?? '' };
  body.changed();
  body.note('disk-wiped', { disk: disk.disk.name, serial: disk.serial, before, mark: order.mark });
  job.disk = disk;
}

function nameOf({ disk, serial }: Present): string {
  return `${disk.name} (serial ${serial})`;
}

/** Kernel and initrd for the machine's own `/boot`: not without the sums that the directive names. */
async function keepBootFiles(job: Job): Promise<void> {
  const what = job.disk ? nameOf(job.disk) : 'disk';
  const sums = { vmlinuz: job.order.kernel_sha256, initrd: job.order.initrd_sha256 };
  for (const [name, sha256] of Object.entries(sums)) {
    if (!sha256) throw new StepFailure(what, `${name}: the directive names no checksum of it`);
    await checkFile(job, { path: `boot/${name}`, sha256 }, what);
  }
}

/** An image of no bytes is left to the image system that takes over. */
async function fetchImage(job: Job): Promise<void> {
  if (job.order.bytes !== '0') await checkFile(job, job.order, `image ${job.order.image}`);
}

/** Looks at a file as served: its length, and its checksum where the server names it, without fetching it all. */
async function checkFile({ body, signal }: Job, file: Fields, what: string): Promise<void> {
  const facts = await body.world.wire.file(`/files/${file.path}`, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new StepFailure(what, `it cannot be fetched: ${(error as Error).message}`);
  });
  if (!facts) throw new StepFailure(what, `the birther has no file ${file.path}`);
  if (file.bytes && facts.bytes !== Number(file.bytes)) {
    throw new StepFailure(what, `it has ${facts.bytes} bytes instead of ${file.bytes}`);
  }
  if (file.sha256 && /^[0-9a-f]{64}$/.test(facts.etag ?? '') && facts.etag !== file.sha256) {
    throw new StepFailure(what, `it has checksum ${facts.etag} instead of ${file.sha256}`);
  }
}

async function writeRoot(job: Job): Promise<void> {
  const { body, session, signal, order, disk } = job;
  const answer = await askApi(body, session, '/agent/credentials', signal);
  const refusal = answer.records.find(({ kind }) => kind === 'error')?.fields.reason;
  if (refusal) throw new StepFailure(disk ? nameOf(disk) : 'disk', `no credentials: ${refusal}`);
  const readyToken = answer.records.find(({ kind }) => kind === 'ready')?.fields.token;
  if (!readyToken)
    throw new StepFailure(disk ? nameOf(disk) : 'disk', 'the agent API gave no token for the installed system');
  const subd = answer.records.find(({ kind }) => kind === 'subd')?.fields;
  if (subd) await checkFile(job, subd, 'subd');
  const { image = '', hostname = '', address = '', mark = '' } = order;
  const system = { image, hostname, address, mark, agentUrl: session.origin, readyToken };
  if (disk) body.state.disks[disk.index] = { content: 'farrier', mark, system };
  body.changed();
  body.note('installed', { image, hostname, address, disk: disk?.disk.name, serial: disk?.serial });
}

async function reportInstalled({ body, session, signal, order, disk, key }: Job): Promise<void> {
  const { image = '', sha256 = '', mark = '' } = order;
  const fields = {
    image,
    sha256,
    mark,
    keystore: key?.store ?? 'none',
    key: key?.fingerprint ?? '',
    disk: disk?.serial ?? '',
  };
  await askApi(body, session, '/agent/installed', signal, [{ kind: 'installed', fields }]);
}
