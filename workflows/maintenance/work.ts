import { ActivityFailure } from '@temporalio/workflow';
import type { Act, ActResult } from '../../contract/hardware.ts';
import { restart } from '../outage/power.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';
import type { Batch, FirmwareWork, ManualStep } from './batches.ts';

/** Does one batch: firmware, settings, one reboot for whatever waits for it, and a look at what came of it all. */
export async function workOff(context: PassageContext, effects: Effects, batch: Batch): Promise<void> {
  const waiting: Waiting[] = [];
  if (batch.password) await changePassword(context, effects);
  for (const firmware of batch.firmware) waiting.push(...(await update(context, effects, firmware)));
  if (Object.keys(batch.bios).length > 0) waiting.push(...(await setBios(context, effects, batch.bios)));
  if (batch.secureBoot !== null) waiting.push(...(await setSecureBoot(context, effects, batch.secureBoot)));
  if (batch.reboot || waiting.length > 0) await rebootOnce(context, effects);
  // What was only planned is not in force.
  for (const one of context.rehearsing ? [] : waiting) await verify(context, effects, one);
  if (batch.step !== null) await askForStep(effects, batch.step);
}

/** Something that the next reboot brings into force, and how to see that it did. */
type Waiting =
  | { readonly act: Act; readonly what: string }
  | { readonly bios: Batch['bios'] }
  | { readonly secureBoot: boolean };

/** Whether it is done, or was left undone by a person's word; false: it is to be tried again. A plan tries once. */
async function settles(effects: Effects, what: string, result: ActResult): Promise<boolean> {
  if (result.state === 'done' || effects.plan !== null) return true;
  return (await askAbout(effects, what, result)) !== 'retry';
}

async function changePassword(context: PassageContext, effects: Effects): Promise<void> {
  const what = 'give its controller a new password';
  do context.waitsOn('hardware', undefined, what);
  while (!(await settles(effects, what, await effects.act('rotate-password', undefined, what))));
}

async function update(context: PassageContext, effects: Effects, firmware: FirmwareWork): Promise<Waiting[]> {
  const { component, version, file, sha256 } = firmware;
  const what = `update ${component} to ${version}`;
  for (;;) {
    context.waitsOn('hardware', undefined, what);
    const result = await effects.act('update-firmware', { component, version, image: file, sha256 }, what);
    if (result.act && (result.state === 'planned' || (result.state !== 'done' && result.waitsFor)))
      return [{ act: result.act, what }];
    if (await settles(effects, what, result)) return [];
  }
}

async function setBios(context: PassageContext, effects: Effects, bios: Batch['bios']): Promise<Waiting[]> {
  const names = Object.keys(bios).sort().join(', ');
  const what = `set the BIOS: ${names}`;
  for (;;) {
    context.waitsOn('hardware', undefined, what);
    if ((await differ(context, effects, bios)).length === 0) {
      // An earlier run set them: the reboot that was to follow is taken up too.
      if (!context.rehearsing && context.recall.takeAct('set-bios', { attributes: bios })) return [{ bios }];
      effects.plan?.(`nothing: the BIOS settings ${names} are in force`);
      return [];
    }
    const result = await effects.act('set-bios', { attributes: bios }, what);
    if (result.state === 'done' || result.state === 'planned' || result.waitsFor) return [{ bios }];
    if (await settles(effects, what, result)) return [];
  }
}

const secureBootTo = (enabled: boolean) => `turn Secure Boot ${enabled ? 'on' : 'off'}`;

async function setSecureBoot(context: PassageContext, effects: Effects, enabled: boolean): Promise<Waiting[]> {
  const what = secureBootTo(enabled);
  for (;;) {
    context.waitsOn('hardware', undefined, what);
    const result = await effects.act('secure-boot', { enabled }, what);
    if (result.state === 'planned' || result.waitsFor) return [{ secureBoot: enabled }];
    if (await settles(effects, what, result)) return [];
  }
}

/** Names of the settings that are not in force; all of them when the controller can't be read. */
async function differ(context: PassageContext, effects: Effects, bios: Batch['bios']): Promise<readonly string[]> {
  try {
    const read = await effects.look.hardware.checkController({ bios });
    return 'question' in read ? Object.keys(bios) : read.differing;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    context.note(`the BIOS could not be read: ${rootMessage(error)}`);
    return Object.keys(bios);
  }
}

async function rebootOnce(context: PassageContext, effects: Effects): Promise<void> {
  if ((await restart(context, effects, context.policy.rebootLimit)) === 'up') return;
  await effects.ask({
    fault: 'work/silent',
    reason: 'It was rebooted to apply the work and nothing came up in time. Bring it up and answer "up".',
    choices: ['up', 'abandon'],
  });
}

/** Accepted is not applied (quirk 51): what the reboot should have brought into force is looked for after it. */
async function verify(context: PassageContext, effects: Effects, waiting: Waiting): Promise<void> {
  if ('act' in waiting) {
    const result = await effects.settle(waiting.act);
    if (result.state !== 'done') await askAbout(effects, waiting.what, { ...result, state: 'unknown' });
    return;
  }
  if ('secureBoot' in waiting) {
    // Set already, it sends nothing: it only tells whether that is in force.
    const result = await effects.act('secure-boot', { enabled: waiting.secureBoot });
    if (result.state === 'done' && !result.waitsFor) return;
    await askAbout(effects, secureBootTo(waiting.secureBoot), { ...result, state: 'unknown' });
    return;
  }
  const differing = await differ(context, effects, waiting.bios);
  if (differing.length === 0) return;
  const observed = `after the reboot these are still not in force: ${differing.join(', ')}`;
  await askAbout(effects, 'set the BIOS', { state: 'unknown', observed });
}

/** What was certainly not done may be tried again by a person's word; what is unknown is theirs to find out. */
async function askAbout(effects: Effects, what: string, { state, observed, refused }: ActResult): Promise<string> {
  const again = state === 'not_done';
  const { answer } = await effects.ask({
    fault: refused?.fault ?? 'work/not-done',
    reason: `To ${what}: ${refused?.reason ?? observed}. ${again ? 'Nothing was changed.' : 'Whether it was done is not known; Farrier does not send it again. Look, and answer "done" if it is.'}`,
    choices: again ? ['retry', 'skip', 'abandon'] : ['done', 'skip', 'abandon'],
  });
  return answer;
}

async function askForStep(effects: Effects, { question, owner }: ManualStep): Promise<void> {
  await effects.ask({ fault: 'work/step', reason: question, choices: ['done', 'abandon'], owner });
}
