import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { type Attributes, type BiosReading, notYetSet, openBiosJob, readBios, sameValue, writeBios } from '../bios.ts';
import { taskOfSent } from '../firmware/following.ts';
import { part } from '../links.ts';
import { taskPath } from '../task.ts';
import { type ActContext, type ActDefinition, notDone, type Observation, type Sent } from './definition.ts';
import { unlessNow } from './moment.ts';

/** Pending settings are listed at once, where they are listed at all. */
const watch = { totalMs: 30_000, intervalMs: 1000 };

/** Makes settings pending. They are in force after a restart, if at all: only a later reading tells. */
export const setBios: ActDefinition<ActParameters['set-bios']> = {
  parameters: z.strictObject({
    attributes: z.record(z.string().max(256), z.union([z.string().max(4096), z.number(), z.boolean()])).exactOptional(),
  }),
  plan: async (context, { attributes: wanted = {} }) => {
    const { probe, session } = context;
    const bios = await readBios(session, probe);
    const settingsPath = bios?.offer.settingsPath;
    if (!settingsPath) return notDone('the controller offers no way to set the BIOS');
    const mains = Object.entries(wanted).find(([name, value]) => cutsMains(name, value));
    if (mains) return notDone(`${mains[0]} takes the mains away at the next start: that is an ac-cycle, with approval`);
    const unknown = unknownTo(bios, wanted);
    if (unknown.length > 0) return notDone(`the BIOS has no setting ${unknown.join(', ')}; nothing was sent`);
    const attributes = notYetSet(wanted, bios);
    if (Object.keys(attributes).length === 0)
      return { state: 'done', observed: 'the settings are in force or pending already; nothing was sent' };
    // One BIOS transaction at a time: a second one is refused, or takes the place of the first (quirk 48).
    const job = await openBiosJob(session, probe);
    if (job !== null) return notDone(`the controller still has a BIOS job in its queue: ${job}`);
    return {
      command: { attributes },
      before: {},
      send: async () => ({
        task: taskPath(await unlessNow(context, () => writeBios(session, settingsPath, bios.offer, attributes))),
      }),
    };
  },
  observe: async (context, sent) => {
    const task = sent.answer?.task ? await taskOfSent(context, sent) : null;
    if (task?.state === 'failed') return notDone(`the controller's job for the settings failed: ${task.words}`);
    return (await isSet(context, sent))
      ? { state: 'done', observed: 'the settings are pending or in force' }
      : { state: 'unknown', observed: 'the settings are neither pending nor in force' };
  },
  watch,
};

/** A setting that is a command: on Dell's, the mains are away for a moment at the next start (quirk 33). */
function cutsMains(name: string, value: unknown): boolean {
  return /power_?cycle_?request/i.test(name) && !/^none$/i.test(String(value));
}

/** Names of settings that this BIOS doesn't have; where it shows none at all, that can't be known. */
function unknownTo({ attributes, pending }: BiosReading, wanted: Attributes): string[] {
  if (Object.keys(attributes).length === 0) return [];
  return Object.keys(wanted).filter((name) => !Object.hasOwn(attributes, name) && !Object.hasOwn(pending, name));
}

async function isSet({ session, probe }: ActContext, { command }: Sent): Promise<boolean> {
  const bios = await readBios(session, probe);
  return Object.entries(part(command, 'attributes')).every(
    ([name, value]) => sameValue(bios?.pending[name], value) || sameValue(bios?.attributes[name], value),
  );
}

/** Every setting back to its default at the next start. */
export const resetBios: ActDefinition<ActParameters['reset-bios']> = {
  parameters: z.strictObject({}),
  plan: async (context) => {
    const { probe, session } = context;
    const bios = await readBios(session, probe);
    const reset = bios?.offer.reset;
    if (!reset) return notDone('the controller offers no reset of the BIOS to its defaults');
    if (bios.resets === true) return { state: 'done', observed: 'the reset is pending already; nothing was sent' };
    const job = await openBiosJob(session, probe);
    if (job !== null) return notDone(`the controller still has a BIOS job in its queue: ${job}`);
    return {
      command: { reset: 'defaults' },
      before: { attributes: digest(bios.attributes), pending: digest(bios.pending) },
      send: async () => {
        // Without a body some refuse it, as they do one that says anything (quirk 52).
        await unlessNow(context, () => session.write('POST', reset.target, {}));
        return null;
      },
    };
  },
  observe: async ({ session, probe }, { before }): Promise<Observation> => {
    const bios = await readBios(session, probe);
    const listed = bios !== null && digest(bios.pending) !== before.pending;
    const changed = bios !== null && digest(bios.attributes) !== before.attributes;
    if (changed) return { state: 'done', observed: 'the settings in force are other ones now' };
    if (bios?.resets === true || listed) return { state: 'done', observed: 'the defaults are pending' };
    return {
      state: 'unknown',
      observed: 'the reset shows nowhere, which many controllers only do after the next start',
      waitsFor: 'restart',
    };
  },
  watch,
};

function digest(attributes: Attributes): string {
  const sorted = Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64');
}
