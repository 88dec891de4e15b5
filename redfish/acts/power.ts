import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import {
  type Before,
  effectObserved,
  isStarting,
  type Observed,
  observedOf,
  readObserved,
  showsStarts,
  withReading,
} from '../effect.ts';
import { chooseReset, conflictsWithState, fullCycle, type PowerSpec, sendReset } from '../power.ts';
import {
  type ActContext,
  type ActDefinition,
  type ActPlan,
  isPlan,
  notDone,
  type Observation,
  type Plain,
  type Sent,
  type Watch,
} from './definition.ts';
import { unlessNow } from './moment.ts';

const nothing = z.strictObject({});
/** A power edge shows within seconds; what has not shown by then is for `settle` to find out. */
const watch = { totalMs: 30_000, intervalMs: 1000 };
/** A machine that shows nothing of its start asks for a boot when POST is over: minutes, more where memory is trained. */
const untilBoot = { totalMs: 840_000, intervalMs: 5000 };
/** Supplies want a moment without power before they are asked for it again (quirk 32 asks for 10 s). */
const offFor = 10_000;
/** What operating systems are commonly given to shut down; less than an activity's own limit. */
const shutdownTimeoutMs = 120_000;

/** What each wish leads to, where that can be seen of a refusal: nothing is asked for twice that is so. */
const leadsTo: Readonly<Partial<Record<PowerSpec, readonly string[]>>> = {
  on: ['On', 'PoweringOn'],
  off: ['Off'],
  shutdown: ['Off'],
};

/** Plans one reset; not done where the controller offers no fitting type. */
export async function planReset(context: ActContext, spec: PowerSpec): Promise<ActPlan | Observation> {
  const { session, system } = context;
  const type = chooseReset(spec, system.resetTypes);
  if (type === null) return unfitting(context);
  const so = async () => {
    const { power } = await readObserved(session, system);
    return power !== null && leadsTo[spec]?.includes(power) === true;
  };
  return {
    command: { reset: type },
    before: spec === 'off' || spec === 'shutdown' ? { ...observedOf(system) } : await beforeStart(context, type),
    send: async () => {
      await unlessNow(context, () => sendReset(session, system, type), { also: conflictsWithState, so });
      return null;
    },
  };
}

/** What a start is compared with, and from when on a request for a boot tells of it. */
async function beforeStart({ boots, system }: ActContext, type: string): Promise<Plain> {
  const forced = !type.startsWith('Graceful');
  const observed = observedOf(system);
  const bootsSince = boots === undefined || isStarting(observed) ? null : await boots.now();
  return { ...observed, ...(forced && { forced }), ...(bootsSince !== null && { bootsSince }) };
}

function unfitting({ system: { resetTypes } }: ActContext): Observation {
  const mains = resetTypes.includes(fullCycle) ? '; what takes the mains away is an ac-cycle, with approval' : '';
  return notDone(`the controller offers no fitting reset type of ${resetTypes.join(', ')}${mains}`);
}

function words({ power, lastReset, bootProgress, postState }: Observed): string {
  const more = [bootProgress && `start ${bootProgress}`, postState && `POST ${postState}`].filter(Boolean);
  return [`power ${power ?? '?'}`, `last reset ${lastReset ?? '?'}`, ...more].join(', ');
}

function seen(effect: boolean, observed: Observed): Observation {
  if (!effect) return { state: 'unknown', observed: `no effect seen: ${words(observed)}` };
  return { state: 'done', observed: words(observed), facts: { ...observed } };
}

/**
 * Looks for a start: a power edge among all that was read since the command, another reset time, an earlier stage, a
 * count that rose; else a request for a boot that came after it.
 */
export async function observeStart(
  { boots, session, system }: ActContext,
  { before, answer }: Sent,
): Promise<Observation> {
  const observed = await readObserved(session, system);
  const kept = Array.isArray(answer?.readings) ? (answer.readings as Observed[]) : [];
  const readings = withReading(kept, observed);
  const keep = readings === kept ? {} : { keep: { readings } };
  if (effectObserved(before as Before, ...kept, observed)) return { ...seen(true, observed), ...keep };
  const { bootsSince } = before;
  if (typeof bootsSince === 'string' && observed.power !== 'Off' && (await boots?.since(bootsSince)))
    return {
      state: 'done',
      observed: `it asked for a boot since; ${words(observed)}`,
      facts: { ...observed },
      ...keep,
    };
  return { ...seen(false, observed), ...keep };
}

/** How long a start is looked for that the controller shows nothing of. */
export function followStart({ before, command }: Sent): Watch | undefined {
  const shows = showsStarts(before as Before);
  return command.next === undefined && !shows && typeof before.bootsSince === 'string' ? untilBoot : undefined;
}

/** Plans a start of the host: on if it is off, else the way of restarting that its model stands. */
export async function planStart(context: ActContext): Promise<ActPlan | Observation> {
  const { power, quirks, resetTypes } = context.system;
  if (power === 'Off') return planReset(context, 'on');
  const atOnce = quirks.restart !== 'off-then-on' && chooseReset('restart', resetTypes) !== null;
  return atOnce ? planReset(context, 'restart') : planOffAndOn(context);
}

/** Off and on, where it is certain beforehand that the second half is offered too. */
async function planOffAndOn(context: ActContext): Promise<ActPlan | Observation> {
  if (chooseReset('on', context.system.resetTypes) === null) return unfitting(context);
  const off = await planReset(context, 'off');
  return isPlan(off) ? { ...off, next: { kind: 'power-on', parameters: {}, afterMs: offFor } } : off;
}

/** Looks for the start, or for the first half of one that takes two commands. */
export async function observeStarting(context: ActContext, sent: Sent): Promise<Observation> {
  const second = (sent.command.next as { kind?: string } | undefined)?.kind;
  return second === 'power-on' || second === 'boot-network'
    ? powerOff.observe(context, sent)
    : observeStart(context, sent);
}

export const gracefulRestart: ActDefinition<ActParameters['restart']> = {
  parameters: nothing,
  plan: planStart,
  observe: observeStarting,
  watch,
  follow: followStart,
};

export const powerOn: ActDefinition<ActParameters['power-on']> = {
  parameters: nothing,
  plan: async (context) =>
    context.system.power === 'On'
      ? { state: 'done', observed: 'it is on already; nothing was sent' }
      : planReset(context, 'on'),
  observe: async ({ session, system }) => {
    const observed = await readObserved(session, system);
    return seen(observed.power === 'On' || observed.power === 'PoweringOn', observed);
  },
  watch,
};

/** Asks the operating system first, and cuts the power once it had its time: the declared fallback. */
export const powerOff: ActDefinition<ActParameters['power-off']> = {
  parameters: z.strictObject({
    how: z.enum(['graceful', 'forced', 'graceful-only']).exactOptional(),
    timeout: z.int().min(1000).max(180_000).exactOptional(),
  }),
  plan: async (context, { how = 'graceful', timeout = shutdownTimeoutMs }) => {
    if (context.system.power === 'Off') return { state: 'done', observed: 'it is off already; nothing was sent' };
    if (how === 'forced') return planReset(context, 'off');
    const request = await planReset(context, 'shutdown');
    if (!isPlan(request)) return how === 'graceful' ? planReset(context, 'off') : request;
    const forced = { kind: 'power-off', parameters: { how: 'forced' }, afterMs: 0 } as const;
    return {
      ...request,
      watchMs: timeout,
      ...(how === 'graceful' && { otherwise: forced }),
    };
  },
  observe: async ({ session, system }) => {
    const observed = await readObserved(session, system);
    return seen(observed.power === 'Off', observed);
  },
  watch,
};

/** One command where the controller has one that does it and keeps the mains, otherwise off and on. */
export const powerCycle: ActDefinition<ActParameters['power-cycle']> = {
  parameters: nothing,
  plan: async (context) => {
    if (context.system.power === 'Off') return notDone('it is off: there is no power to cycle; nothing was sent');
    if (chooseReset('cycle', context.system.resetTypes) !== null) return planReset(context, 'cycle');
    return planOffAndOn(context);
  },
  observe: observeStarting,
  watch,
  follow: followStart,
};
