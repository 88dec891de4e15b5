import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { findComponent, readComponents, versionsOf } from '../firmware/component.ts';
import { listTasks, taskOfSent } from '../firmware/following.ts';
import { chooseWay, type FirmwareImage, parametersOf, sendImage } from '../firmware/way.ts';
import type { UpdateOffer } from '../probe.ts';
import { sameVersion } from '../read/firmware.ts';
import { remarkOf, type TaskReading, taskPath } from '../task.ts';
import type { RedfishResponse } from '../transport.ts';
import {
  type ActContext,
  type ActDefinition,
  type ActPlan,
  notDone,
  type Observation,
  type Plain,
  type Sent,
} from './definition.ts';

/** Where images come from, by what an act names. Gives a sentence where there is none that is right. */
export interface ImageSource {
  open(image: string, sha256: string): Promise<FirmwareImage | { readonly why: string }>;
}

export interface FirmwareContext extends ActContext {
  readonly images: ImageSource;
}

/** Quirk 60: three good reads, 30 s apart, and two hours in all. */
const goodReads = 3;
const readsApart = 30_000;
/** Quirk 54: tasks of some controllers are forgotten a minute after their end. */
const follow = { totalMs: 7_200_000, intervalMs: 15_000 };
/** How long an upload may be verified before it is started. */
const verifyFor = 900_000;

const wanted = {
  component: z.string().min(1).max(256),
  version: z.string().min(1).max(128),
};

export const updateFirmware: ActDefinition<ActParameters['update-firmware'], FirmwareContext> = {
  parameters: z.strictObject({
    ...wanted,
    image: z.string().min(1).max(1024),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  plan: async (context, { component: said, version, image: name, sha256 }) => {
    const { probe, session, system } = context;
    const offer = await probe.offer('update');
    if (offer === null) return notDone('the controller offers no way to update firmware');
    const component = await choose(context, said, version);
    if (typeof component !== 'string') return component;
    const image = await context.images.open(name, sha256);
    if ('why' in image) return notDone(image.why);
    const way = chooseWay(offer, image);
    if (typeof way !== 'string') return notDone(way.why);
    const starts = system.quirks.upload?.starts === true && offer.start !== null;
    const command = { component, version, way, image: name, sha256, bytes: image.bytes };
    return {
      command: starts ? { ...command, verify: true } : command,
      before: await beforeOf(context),
      send: async () => {
        const parameters = parametersOf(system.quirks, component);
        return answerOf(await sendImage(session, offer, image, way, parameters));
      },
      ...(starts && {
        next: { kind: 'start-firmware', parameters: { component, version }, afterMs: 0 },
        watchMs: verifyFor,
      }),
    };
  },
  observe: (context, sent) =>
    sent.command.verify === true ? observeVerified(context, sent) : observeVersion(context, sent),
  watch: { totalMs: 20_000, intervalMs: 5000 },
  follow,
};

export const startFirmware: ActDefinition<ActParameters['start-firmware']> = {
  parameters: z.strictObject(wanted),
  plan: async (context, { component: said, version }): Promise<ActPlan | Observation> => {
    const offer: UpdateOffer | null = await context.probe.offer('update');
    const start = offer?.start;
    if (!start) return notDone('the controller offers no start of an update');
    const component = await choose(context, said, version);
    if (typeof component !== 'string') return component;
    return {
      command: { component, version },
      before: await beforeOf(context),
      send: async () => answerOf(await context.session.write('POST', start.target, {})),
    };
  },
  observe: (context, sent) => observeVersion(context, sent),
  watch: { totalMs: 20_000, intervalMs: 5000 },
  follow,
};

/** The component that is meant, where it does not have that version already. */
async function choose({ session }: ActContext, said: string, version: string): Promise<string | Observation> {
  const found = findComponent(await readComponents(session), said);
  if ('why' in found) return notDone(found.why);
  const { key, version: present } = found.component;
  if (!sameVersion(present, version)) return key;
  return { state: 'done', observed: `${key} has version ${version} already; nothing was sent` };
}

async function beforeOf(context: ActContext): Promise<Plain> {
  return { versions: versionsOf(await readComponents(context.session)), tasks: await listTasks(context) };
}

function answerOf(answer: RedfishResponse): Plain {
  return { task: taskPath(answer), words: remarkOf(answer) };
}

/** An upload that is to be started: its task alone tells whether the image was taken. */
async function observeVerified(context: ActContext, sent: Sent): Promise<Observation> {
  const task = await taskOfSent(context, sent);
  if (task?.state === 'succeeded') return { state: 'done', observed: `the image was verified: ${task.words}` };
  if (task?.state === 'failed') return notDone(`the controller refused the image: ${task.words}`);
  return { state: 'unknown', observed: task?.words ?? 'no task of the upload is known' };
}

/**
 * The version decides, with the task: done is the wanted version, read three times; not done is the end of a task in
 * failure with the old one. A task that only vanished says nothing (quirk 58), nor does one that says Completed.
 */
async function observeVersion(context: ActContext, sent: Sent): Promise<Observation> {
  const task = await taskOfSent(context, sent);
  if (task?.state === 'running' || task?.state === 'held') return underWay(task);
  const observed = await versionOf(context, sent);
  const { component, version } = sent.command;
  const words = `${component} shows version ${observed ?? '?'}${task ? `; its task: ${task.words}` : ''}`;
  const updated = sameVersion(observed, version);
  if (!updated && task?.state !== 'failed') return { state: 'unknown', observed: words };
  if (!(await isSteady(context, sent, observed)))
    return { state: 'unknown', observed: `${words}, which still changes` };
  if (updated && task?.state === 'failed') return { state: 'unknown', observed: `${words}: the two do not agree` };
  return updated ? { state: 'done', observed: words, facts: { version: observed } } : notDone(words);
}

function underWay({ percent, state, words }: TaskReading): Observation {
  const observed = `the update is under way: ${words}${percent === null ? '' : `, ${percent} %`}`;
  return { state: 'unknown', observed, ...(state === 'held' && { waitsFor: 'restart' }) };
}

async function versionOf({ session }: ActContext, { command }: Sent): Promise<string | null> {
  const found = findComponent(await readComponents(session), String(command.component));
  return 'why' in found ? null : found.component.version;
}

/** Whether system and version read the same a few times in a row. */
async function isSteady(context: ActContext, sent: Sent, observed: string | null): Promise<boolean> {
  for (let good = 1; good < goodReads; good += 1) {
    await context.clock.wait(readsApart);
    await context.session.get(context.system.path);
    if ((await versionOf(context, sent)) !== observed) return false;
  }
  return true;
}
