import { number } from './read/values.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';
import type { Json } from './transport.ts';
import { type Witnesses, witnessesOf } from './witnesses.ts';

/**
 * What a controller shows of its machine's power and starts, to compare with itself only (quirk 35). Most families show
 * no reset time, and many no progress: what vendors show besides is in the witnesses.
 */
export interface Observed extends Partial<Witnesses> {
  readonly power: string | null;
  readonly lastReset: string | null;
  readonly bootProgress: string | null;
}

export type Before = Readonly<Record<string, unknown>> & Partial<Observed> & { readonly forced?: boolean };

export function observedOf({ power, lastReset, bootProgress, witnesses }: SystemReading): Observed {
  return { power, lastReset, bootProgress, ...witnesses };
}

/** The same, as it is now. */
export async function readObserved(session: Session, { path }: SystemReading): Promise<Observed> {
  const system = await session.get(path);
  return {
    power: asText(system.PowerState),
    lastReset: asText(system.LastResetTime),
    bootProgress: asText((system.BootProgress as Json | undefined)?.LastState),
    ...witnessesOf(system),
  };
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Redfish's `BootProgress.LastState`, in the order in which a start passes them. */
const stages = [
  'PrimaryProcessorInitializationStarted',
  'BusInitializationStarted',
  'MemoryInitializationStarted',
  'SecondaryProcessorInitializationStarted',
  'PCIResourceConfigStarted',
  'SystemHardwareInitializationComplete',
  'SetupEntered',
  'OSBootStarted',
  'OSRunning',
];
const firstOfSystem = stages.indexOf('OSBootStarted');

/** HPE's `PostState`, in the same way. */
const postStates = ['PowerOff', 'Reset', 'InPost', 'InPostDiscoveryStart', 'InPostDiscoveryComplete', 'FinishedPost'];
const finishedPost = postStates.indexOf('FinishedPost');

/** Whether firmware shows that a start was under way: what comes of it later is no sign of another one. */
export function isStarting({ power, bootProgress, postState }: Partial<Observed>): boolean {
  const [stage, post] = [stages.indexOf(bootProgress ?? ''), postStates.indexOf(postState ?? '')];
  return power === 'PoweringOn' || (stage >= 0 && stage < firstOfSystem) || (post > 0 && post < finishedPost);
}

/** Whether firmware shows that a start came as far as an operating system's, or as what boots one. */
export function hasStarted({ bootProgress, postState }: Partial<Observed>): boolean {
  return stages.indexOf(bootProgress ?? '') >= firstOfSystem || postState === 'FinishedPost';
}

/** Whether it tells of every start by itself, so that nothing more comes to light for those who wait. */
export function showsStarts({ lastReset, postState, power }: Partial<Observed>): boolean {
  return power === 'Off' || typeof lastReset === 'string' || typeof postState === 'string';
}

/**
 * Whether the machine was powered on, or restarted, by all readings since the command in their order: a power edge,
 * another reset time, a start that is at an earlier stage than before, a count that rose. A controller's word that it
 * did so is no sign of it (quirks 27 and 28).
 */
export function effectObserved(before: Before, ...readings: readonly Observed[]): boolean {
  const last = readings.at(-1);
  if (last?.power !== 'On' && last?.power !== 'PoweringOn') return false;
  if (before.power === 'Off') return true;
  const all = [before, ...readings];
  const pairs = readings.map((is, index) => [all[index] ?? before, is] as const);
  const edge = ([was, is]: readonly [Partial<Observed>, Observed]) =>
    wentOff(was, is, before.forced === true) || beganAnew(was, is) || counted(was, is);
  return pairs.some(edge) || cameAgain(all.map(({ bootProgress }) => bootProgress ?? null));
}

/** A start passes each stage once: one that is left and comes again is another start's. */
function cameAgain(progress: readonly (string | null)[]): boolean {
  const observed = progress.filter((stage) => stage !== null);
  const left = observed.filter((stage, index) => stage !== observed[index - 1]);
  const known = left.filter((stage) => stages.includes(stage));
  return new Set(known).size < known.length;
}

/** Between two readings in a row, the power was away. */
function wentOff(was: Partial<Observed>, is: Observed, forced: boolean): boolean {
  if (is.power === 'Off') return true;
  if (is.power === 'PoweringOn') return was.power !== 'PoweringOn' && was.power !== 'Off';
  // A shutdown that an operating system was asked for may be called off; a power that was cut may not.
  return was.power === 'PoweringOff' && is.power === 'On' && forced;
}

function beganAnew(was: Partial<Observed>, is: Observed): boolean {
  // A time that was not shown before may be of any reset.
  if (is.lastReset && was.lastReset && is.lastReset !== was.lastReset) return true;
  const [from, to] = [was.bootProgress ?? null, is.bootProgress];
  const [stage, next] = [stages.indexOf(from ?? ''), stages.indexOf(to ?? '')];
  if (next >= 0 && stage > next) return true;
  // What shows no progress at rest shows some during a start, also by a name of its own.
  if (from === 'None' && to !== null && to !== 'None' && is.power !== 'Off') return true;
  if (from === null && next >= 0 && next < firstOfSystem) return true;
  const [post, nextPost] = [was.postState, is.postState].map((state) => postStates.indexOf(state ?? ''));
  return nextPost !== undefined && post !== undefined && nextPost >= 0 && post > nextPost;
}

/** A count of starts that rose, or a clock of being on that began anew. */
function counted(was: Partial<Observed>, is: Observed): boolean {
  const rose = Object.entries(is.counts ?? {}).some(([name, now]) => now > (number(was.counts?.[name]) ?? now));
  const fell = Object.entries(is.onFor ?? {}).some(([name, now]) => now < (number(was.onFor?.[name]) ?? now));
  return rose || fell;
}

/** Readings that are kept of one command, of which each tells something that the one before did not. */
const maxReadings = 32;

/** The readings with one more, where it is another one; the same list where it is not. */
export function withReading(kept: readonly Observed[], observed: Observed): readonly Observed[] {
  const last = kept.at(-1);
  const same = last !== undefined && JSON.stringify(still(last)) === JSON.stringify(still(observed));
  return same ? kept : [...kept.slice(0, maxReadings - 1), observed];
}

/** Without what changes by the second. */
function still({ onFor: _, ...rest }: Observed): object {
  return rest;
}
