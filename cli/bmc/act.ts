import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Kind, Pace, Plain, Plan, Scene, Seen, Sent } from '../../activities/redfish/acts/kind.ts';
import type { Session } from '../../activities/redfish/session.ts';
import type { ActKind, ActParameters } from '../../contract/hardware.ts';
import type { Screen } from '../context.ts';
import { cleanCell } from '../table.ts';
import type { Hand, HandOptions } from './hand.ts';
import { askYes } from './prompt.ts';
import { showPin } from './show.ts';

/** Kinds that may follow one that is given by hand, by their names. */
export type Following = { readonly [K in ActKind]?: Kind<ActParameters[K]> };

/** One act by hand, or the first of two. */
export interface HandAct<P> {
  readonly kind: Kind<P>;
  readonly parameters: P;
  /** What is about to be done, as a sentence without its full stop. */
  readonly about: string;
  readonly following?: Following;
}

export interface HandResult extends Pick<Seen, 'state' | 'observed'> {
  /** Commands that were given, in order. */
  readonly commands: readonly Plain[];
}

const clock: Pace = { wait: (milliseconds) => sleep(milliseconds), since: (time) => Date.now() - time };

/** Runs an act on a controller: plan, the person's word, one sending, observation. Ends with 1 unless it is done. */
export async function actByHand<P>(
  hand: Hand,
  command: Command,
  address: string,
  options: HandOptions,
  act: HandAct<P>,
): Promise<void> {
  const { screen } = hand.open();
  const agree = (words: string) => agreed(command, `${act.about} on ${address} (${words})?`, options.yes === true);
  const { pin, value } = await hand.ask(command, address, options, (session) =>
    perform(session, options.system ?? null, act, agree),
  );
  screen.answer({ pin, ...value }, () => {
    showPin(screen, pin, options.pin);
    showResult(screen, value);
  });
  if (value.state !== 'done') process.exitCode = 1;
}

async function agreed(command: Command, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  const answer = await askYes(question);
  if (answer === null) command.error('There is no terminal to ask on: give --yes to act.', { exitCode: 2 });
  return answer;
}

function showResult(screen: Screen, { commands, observed, state }: HandResult): void {
  for (const command of commands) screen.line(`Sent: ${cleanCell(JSON.stringify(command))}`);
  screen.line(`${state === 'not_done' ? 'not done' : state}: ${cleanCell(observed)}`);
}

async function perform<P>(
  session: Session,
  hostPath: string | null,
  { kind, parameters, following = {} }: Omit<HandAct<P>, 'about'>,
  agree: (words: string) => Promise<boolean>,
): Promise<HandResult> {
  const parsed = kind.parameters.safeParse(parameters);
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ message }) => message).join('; '));
  const scene = await sceneOf(session, hostPath);
  const plan = await kind.plan(scene, parsed.data);
  if (!('send' in plan)) return { ...plan, commands: [] };
  if (!(await agree(wordsOf(plan)))) return { state: 'not_done', observed: 'nothing was sent', commands: [] };
  const seen = await give(scene, kind, plan);
  const next = seen.state === 'done' ? plan.next : undefined;
  if (next === undefined) return { ...seen, commands: [plan.command] };
  const second = following[next.kind] as Kind<unknown> | undefined;
  if (second === undefined) throw new Error(`${next.kind} is to follow, which this command does not know`);
  await clock.wait(next.after);
  // The word was given for the whole.
  const rest = await perform(
    session,
    hostPath,
    { kind: second, parameters: next.parameters, following },
    async () => true,
  );
  return { ...rest, commands: [plan.command, ...rest.commands] };
}

function wordsOf({ command, next }: Plan): string {
  return JSON.stringify(command) + (next ? `, then ${next.kind}` : '');
}

async function sceneOf(session: Session, hostPath: string | null): Promise<Scene> {
  const { openProbe } = await import('../../activities/redfish/probe.ts');
  return { session, ...(await openProbe(session, { hostPath })), pace: clock };
}

async function give<P>(scene: Scene, kind: Kind<P>, plan: Plan): Promise<Seen> {
  const answer = await plan.send();
  // By hand nobody settles it later: what takes long is followed here.
  const { every, for: patience } = kind.follow ?? kind.watch;
  const until = Date.now() + (plan.watchFor ?? patience);
  const sent: Sent = { command: plan.command, before: plan.before, answer };
  for (;;) {
    const seen = await kind.observe(scene, sent).catch((error: Error): Seen => {
      return { state: 'unknown', observed: error.message };
    });
    if (seen.state !== 'unknown' || seen.waitsFor !== undefined || Date.now() > until) return seen;
    await clock.wait(every);
  }
}
