/** The erase directive, played: each disk by the method named for it, or a refusal, as docs/agent.md has it. */
import type { AgentRecord } from '../contract/records.ts';
import { presentDisks } from './burnin.ts';
import { findFault } from './faults.ts';
import { askApi, reportStep, type SimSession } from './session.ts';
import { type Body, pass } from './world.ts';

type Fields = AgentRecord['fields'];
type Present = ReturnType<typeof presentDisks>[number];

interface Target {
  readonly serial: string;
  readonly method: string;
  readonly begun: boolean;
  readonly disk: Present | undefined;
}

interface Job {
  readonly body: Body;
  readonly session: SimSession;
  readonly signal: AbortSignal;
  readonly order: Fields;
}

// What takes a real disk minutes to days, in seconds of a machine's life.
const eraseSeconds = 4;
const samples = 16;

/** Carries out an erase directive. `reboot` when the power went away in the middle of it. */
export async function eraseDisks(
  body: Body,
  session: SimSession,
  signal: AbortSignal,
  records: readonly AgentRecord[],
): Promise<'told' | 'reboot'> {
  const order = records.find(({ kind }) => kind === 'directive')?.fields ?? {};
  const job: Job = { body, session, signal, order };
  const targets = records.filter(({ kind }) => /^disk\d+$/.test(kind)).map(({ fields }) => readTarget(body, fields));
  await reportStep(body, session, signal, 'erase', 'running', 0);
  const refusals = targets.map((target) => ({ target, why: findRefusal(body, order, target) }));
  const refused = refusals.filter(({ why }) => why !== null);
  for (const { target, why } of refused) await notErased(job, target, 'refused', why ?? '');
  if (refused[0]) return fail(job, refused[0].target, refused[0].why ?? '');
  for (const target of targets) {
    const trouble = await eraseDisk(job, target);
    if (trouble === 'reboot') return 'reboot';
    if (trouble !== null) return fail(job, target, trouble);
  }
  await report(job, {
    kind: 'erased',
    fields: { seq: order.seq ?? '', seconds: String(eraseSeconds * targets.length) },
  });
  await reportStep(body, session, signal, 'erase', 'done', eraseSeconds * targets.length);
  return 'told';
}

function readTarget(body: Body, { serial = '', method = '', begun }: Fields): Target {
  const disk = presentDisks(body.hardware, body.state.faults).find((one) => one.serial === serial);
  return { serial, method, begun: begun === '1', disk };
}

function findRefusal(body: Body, order: Fields, { disk, method, begun }: Target): string | null {
  if (!disk) return 'there is no disk with this serial';
  if (findFault(body.state.faults, 'erase-refused')?.disk === disk.index) {
    return 'its security is frozen by the firmware; a power cycle of the disk may free it';
  }
  if (method.startsWith('nvme-') && !disk.disk.name.startsWith('nvme')) return 'it is no NVMe namespace';
  if (method === 'ata-secure-erase' && !disk.disk.name.startsWith('sd')) return 'it is no ATA disk';
  if (method !== 'crypto') return null;
  const key = body.state.keyFingerprint;
  if (key === undefined) return begun ? null : 'there is no disk key in this machine';
  if (key !== order.key) return "the machine's disk key is not the one that the MDB knows";
  const mark = body.state.disks[disk.index]?.mark;
  return mark === order.mark ? null : "the disk does not carry this machine's mark";
}

/** Null when it was erased and told; else why it failed. */
async function eraseDisk(job: Job, target: Target): Promise<string | null> {
  const { body, signal } = job;
  const { disk, method, begun } = target;
  if (!disk) return 'there is no disk with this serial';
  await reportDisk(job, target, 'begun', method === 'crypto' ? { opened: '1' } : {});
  await pass(body.world, eraseSeconds, signal);
  if (findFault(body.state.faults, 'erase-fails')?.disk === disk.index) {
    await notErased(job, target, 'failed', 'it cannot be written at byte 0: Input/output error');
    return 'it cannot be written at byte 0: Input/output error';
  }
  if (method === 'crypto' && body.state.keyFingerprint) {
    body.note('keys-discarded', { fingerprint: body.state.keyFingerprint });
    delete body.state.keyFingerprint;
  }
  const before = body.state.disks[disk.index]?.content ?? 'blank';
  body.state.disks[disk.index] = { content: 'blank' };
  body.changed();
  body.note('disk-erased', { disk: disk.disk.name, serial: disk.serial, method, before });
  // Nobody hears of what was done: the next boot finds it begun.
  if (!begun && findFault(body.state.faults, 'erase-cut')?.disk === disk.index) return 'reboot';
  const survived = findFault(body.state.faults, 'erase-lies')?.disk === disk.index ? samples : 0;
  await reportDisk(job, target, 'done', {
    words: `simulated ${method}, completed`,
    seconds: String(eraseSeconds),
    sampled: String(samples),
    survived: String(survived),
    blank: String(samples - survived),
    ...(method === 'crypto' ? { key_gone: '1' } : {}),
  });
  return null;
}

function reportDisk(job: Job, { serial, method, disk }: Target, state: string, more: Fields): Promise<void> {
  return report(job, { kind: 'disk', fields: { serial, name: disk?.disk.name ?? 'absent', method, state, ...more } });
}

async function notErased(job: Job, target: Target, state: 'refused' | 'failed', words: string): Promise<void> {
  job.body.note('erase-refused', { serial: target.serial, method: target.method, state, words });
  await reportDisk(job, target, state, { words });
}

async function report({ body, session, signal }: Job, record: AgentRecord): Promise<void> {
  await askApi(body, session, '/agent/erased', signal, [record]);
}

async function fail({ body, session, signal }: Job, { serial, method, disk }: Target, why: string): Promise<'told'> {
  const device = `${disk?.disk.name ?? 'disk'} (serial ${serial})`;
  await reportStep(body, session, signal, 'erase', 'failed', 0, { device, message: `${method}: ${why}` });
  return 'told';
}
