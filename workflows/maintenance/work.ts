import { ActivityFailure } from '@temporalio/workflow';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { Treatment } from '../../contract/outage.ts';
import { restart } from '../outage/power.ts';
import { rootMessage } from '../passage/failure.ts';
import { next, type Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import type { Batch, FirmwareWork, ManualStep } from './batches.ts';
import type { MaintenanceStep } from './limits.ts';

type Run = PassageRun<MaintenanceStep>;

/** Does one batch: firmware, settings, one reboot for whatever waits for it, and a look at what came of it all. */
export async function workOff(run: Run, batch: Batch, treatment: Treatment): Promise<Outcome> {
  const waiting: Waiting[] = [];
  const renewed = batch.password ? await changePassword(run) : next;
  if (renewed.to === 'end') return renewed;
  for (const firmware of batch.firmware) {
    const done = await update(run, firmware, waiting);
    if (done.to === 'end') return done;
  }
  const set = await setBios(run, batch.bios, waiting);
  if (set.to === 'end') return set;
  const secured = batch.secureBoot === null ? next : await setSecureBoot(run, batch.secureBoot, waiting);
  if (secured.to === 'end') return secured;
  if (batch.reboot || waiting.length > 0) {
    const up = await rebootOnce(run, treatment);
    if (up.to === 'end') return up;
  }
  for (const one of run.dry ? [] : waiting) {
    const settled = await verify(run, one);
    if (settled.to === 'end') return settled;
  }
  return batch.step === null ? next : askForStep(run, batch.step);
}

/** Something that the next reboot brings into force, and how to see that it did. */
type Waiting =
  | { readonly act: Act; readonly what: string }
  | { readonly bios: Batch['bios'] }
  | { readonly secureBoot: boolean };

async function changePassword(run: Run): Promise<Outcome> {
  const what = 'give its controller a new password';
  for (;;) {
    run.stand('work', 'hardware', undefined, what);
    const result = await run.act('rotate-password');
    if (run.plans('work', foretell(what, result), result.command) || result.state === 'done') return next;
    const ruled = await askAbout(run, what, result);
    if (ruled !== 'retry') return ruled;
  }
}

async function update(
  run: Run,
  { component, version, file, sha256 }: FirmwareWork,
  waiting: Waiting[],
): Promise<Outcome> {
  const what = `update ${component} to ${version}`;
  for (;;) {
    run.stand('work', 'hardware', undefined, what);
    const result = await run.act('update-firmware', { component, version, image: file, sha256 });
    if (run.plans('work', foretell(what, result), result.command)) {
      if (result.state === 'planned') waiting.push({ bios: {} });
      return next;
    }
    if (result.state === 'done') return next;
    if (result.waitsFor && result.act) {
      waiting.push({ act: result.act, what });
      return next;
    }
    const ruled = await askAbout(run, what, result);
    if (ruled !== 'retry') return ruled;
  }
}

async function setBios(run: Run, bios: Batch['bios'], waiting: Waiting[]): Promise<Outcome> {
  const names = Object.keys(bios).sort();
  if (names.length === 0) return next;
  const what = `set the BIOS: ${names.join(', ')}`;
  for (;;) {
    run.stand('work', 'hardware', undefined, what);
    const differing = await differ(run, bios);
    if (differing.length === 0) {
      // An earlier run set them: the reboot that was to follow is taken up too.
      if (!run.dry && run.recall.takeAct('set-bios', { attributes: bios })) {
        waiting.push({ bios });
        return next;
      }
      run.plans('work', `nothing: the BIOS settings ${names.join(', ')} are in force`);
      return next;
    }
    const result = await run.act('set-bios', { attributes: bios });
    if (run.plans('work', foretell(what, result), result.command)) {
      if (result.state === 'planned') waiting.push({ bios });
      return next;
    }
    if (result.state === 'done' || result.waitsFor) {
      waiting.push({ bios });
      return next;
    }
    const ruled = await askAbout(run, what, result);
    if (ruled !== 'retry') return ruled;
  }
}

const secureBootTo = (enabled: boolean) => `turn Secure Boot ${enabled ? 'on' : 'off'}`;

async function setSecureBoot(run: Run, enabled: boolean, waiting: Waiting[]): Promise<Outcome> {
  const what = secureBootTo(enabled);
  for (;;) {
    run.stand('work', 'hardware', undefined, what);
    const result = await run.act('secure-boot', { enabled });
    if (run.plans('work', foretell(what, result), result.command)) {
      if (result.state === 'planned') waiting.push({ secureBoot: enabled });
      return next;
    }
    if (result.waitsFor) {
      waiting.push({ secureBoot: enabled });
      return next;
    }
    if (result.state === 'done') return next;
    const ruled = await askAbout(run, what, result);
    if (ruled !== 'retry') return ruled;
  }
}

/** Names of the settings that are not in force; all of them when the controller can't be read. */
async function differ(run: Run, bios: Batch['bios']): Promise<readonly string[]> {
  try {
    const read = await run.looks.hardware.checkController({ ...run.errand, bios });
    return 'held' in read ? Object.keys(bios) : read.differing;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    run.desk.note(`the BIOS could not be read: ${rootMessage(error)}`);
    return Object.keys(bios);
  }
}

async function rebootOnce(run: Run, { rebootLimit }: Treatment): Promise<Outcome> {
  const restarted = await restart(run, 'work', rebootLimit);
  if (restarted === 'up') return next;
  if (restarted !== 'silent') return restarted.outcome;
  const ruling = await run.ask('work', {
    fault: 'work/silent',
    reason: 'It was rebooted to apply the work and nothing came up in time. Bring it up and answer "up".',
    choices: ['up', 'abandon'],
  });
  return 'outcome' in ruling ? ruling.outcome : next;
}

/** Accepted is not applied (quirk 51): what the reboot should have brought into force is looked for after it. */
async function verify(run: Run, waiting: Waiting): Promise<Outcome> {
  if ('act' in waiting) {
    const result = await run.settle(waiting.act);
    return result.state === 'done' ? next : stand(await askAbout(run, waiting.what, { ...result, state: 'unknown' }));
  }
  if ('secureBoot' in waiting) {
    // Set already, it sends nothing: it only tells whether that is in force.
    const result = await run.act('secure-boot', { enabled: waiting.secureBoot });
    if (result.state === 'done' && !result.waitsFor) return next;
    return stand(await askAbout(run, secureBootTo(waiting.secureBoot), { ...result, state: 'unknown' }));
  }
  const differing = await differ(run, waiting.bios);
  if (differing.length === 0) return next;
  const observed = `after the reboot these are still not in force: ${differing.join(', ')}`;
  return stand(await askAbout(run, 'set the BIOS', { state: 'unknown', observed }));
}

// What was sent is not sent again here: "retry" is not among the choices of an unknown outcome.
function stand(ruled: Outcome | 'retry'): Outcome {
  return ruled === 'retry' ? next : ruled;
}

/** What a rehearsal found: an act that is not needed, or could not be done, is no part of the work. */
function foretell(what: string, { state, observed, refused }: ActResult): string {
  if (state === 'planned') return what;
  return state === 'done'
    ? `${what}: nothing, ${observed}`
    : `${what}: it can't be done, ${refused?.reason ?? observed}`;
}

/** What was certainly not done may be tried again by a person's word; what is unknown is theirs to find out. */
async function askAbout(run: Run, what: string, { state, observed, refused }: ActResult): Promise<Outcome | 'retry'> {
  const again = state === 'not_done';
  const ruling = await run.ask('work', {
    fault: refused?.fault ?? 'work/not-done',
    reason: `To ${what}: ${refused?.reason ?? observed}. ${again ? 'Nothing was changed.' : 'Whether it was done is not known; Farrier does not send it again. Look, and answer "done" if it is.'}`,
    choices: again ? ['retry', 'skip', 'abandon'] : ['done', 'skip', 'abandon'],
  });
  if ('outcome' in ruling) return ruling.outcome;
  return ruling.answer === 'retry' ? 'retry' : next;
}

async function askForStep(run: Run, { question, owner }: ManualStep): Promise<Outcome> {
  if (run.plans('work', `ask ${owner}: ${question}`)) return next;
  const ruling = await run.ask('work', { fault: 'work/step', reason: question, choices: ['done', 'abandon'], owner });
  return 'outcome' in ruling ? ruling.outcome : next;
}
