import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import type {
  ActClock,
  ActContext,
  ActDefinition,
  ActPlan,
  Observation,
  Plain,
  Sent,
} from '../../redfish/acts/definition.ts';
import type { FirmwareContext, ImageSource } from '../../redfish/acts/firmware.ts';
import { RedfishError } from '../../redfish/errors.ts';
import type { Session } from '../../redfish/session.ts';
import type { Screen } from '../context.ts';
import { cleanCell } from '../table.ts';
import type { Hand, HandOptions } from './hand.ts';
import { askYes } from './prompt.ts';
import { showPin } from './show.ts';

/** Kinds that may follow one that is given by hand, by their names. */
export type Following = { readonly [K in ActKind]?: ActDefinition<ActParameters[K], HandContext> };

/** A context whose images are files at hand. */
export type HandContext = FirmwareContext;

/** One act by hand, or the first of two. */
export interface HandAct<P> {
  readonly kind: ActDefinition<P, HandContext>;
  readonly parameters: P;
  /** What is about to be done, as a sentence without its full stop. */
  readonly about: string;
  readonly following?: Following;
  readonly images?: ImageSource;
}

export interface HandResult extends Pick<Observation, 'observed' | 'waitsFor'> {
  readonly state: Observation['state'] | 'planned';
  /** Commands that were given, in order. */
  readonly commands: readonly Plain[];
}

const noImages: ImageSource = { open: async () => ({ why: 'no image was named' }) };

const clock: ActClock = { wait: (milliseconds) => sleep(milliseconds), since: (time) => Date.now() - time };

/** Runs an act on a controller: plan, the person's word, one sending, observation. Ends with 1 unless it is done. */
export async function actByHand<P>(
  hand: Hand,
  command: Command,
  address: string,
  options: HandOptions,
  act: HandAct<P>,
): Promise<void> {
  const { screen } = hand.open();
  const agree = async (words: string) => {
    if (options.dryRun) return 'planned' as const;
    return agreed(command, `${act.about} on ${address} (${words})?`, options.yes === true);
  };
  const { pin, value } = await hand.ask(command, address, options, (session) =>
    perform(session, options.system ?? null, act, agree),
  );
  screen.answer({ pin, ...value }, () => {
    showPin(screen, pin, options.pin);
    showResult(screen, value);
  });
  if (value.state !== 'done' && value.state !== 'planned') process.exitCode = 1;
}

async function agreed(command: Command, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  const answer = await askYes(question);
  if (answer === null) command.error('There is no terminal to ask on: give --yes to act.', { exitCode: 2 });
  return answer;
}

function showResult(screen: Screen, { commands, observed, state, waitsFor }: HandResult): void {
  const word = state === 'planned' ? 'Would send' : 'Sent';
  for (const command of commands) screen.line(`${word}: ${cleanCell(JSON.stringify(command))}`);
  screen.line(`${state === 'not_done' ? 'not done' : state}: ${cleanCell(observed)}`);
  if (waitsFor) screen.line('It waits for the next start of the machine: restart it, and read again.');
}

async function perform<P>(
  session: Session,
  hostPath: string | null,
  { kind, parameters, following = {}, images = noImages }: Omit<HandAct<P>, 'about'>,
  agree: (words: string) => Promise<boolean | 'planned'>,
): Promise<HandResult> {
  const parsed = kind.parameters.safeParse(parameters);
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ message }) => message).join('; '));
  const context = { ...(await contextOf(session, hostPath)), images };
  const plan = await kind.plan(context, parsed.data);
  if (!('send' in plan)) return { ...plan, commands: [] };
  const word = await agree(wordsOf(plan));
  if (word === 'planned') return { state: 'planned', observed: 'nothing was sent', commands: [plan.command] };
  if (!word) return { state: 'not_done', observed: 'nothing was sent', commands: [] };
  const seen = await give(context, kind, plan);
  // What is owed is put back whatever became of the rest: by hand nobody does it later.
  const next =
    seen.state === 'done' || plan.next?.owed ? plan.next : seen.state === 'unknown' ? plan.otherwise : undefined;
  if (next === undefined) return { ...seen, commands: [plan.command] };
  const second = following[next.kind] as ActDefinition<unknown, HandContext> | undefined;
  if (second === undefined) throw new Error(`${next.kind} is to follow, which this command does not know`);
  await clock.wait(next.afterMs);
  // The word was given for the whole.
  const rest = await perform(
    session,
    hostPath,
    { kind: second, parameters: next.parameters, following, images },
    async () => true,
  );
  const commands = [plan.command, ...rest.commands];
  if (next.owed && rest.state === 'done') return { ...seen, commands };
  const observed = rest.state === 'done' ? rest.observed : `${seen.observed}; then ${next.kind}: ${rest.observed}`;
  return { ...rest, observed, commands };
}

function wordsOf({ command, next, otherwise }: ActPlan): string {
  const fallback = otherwise ? `, or else ${otherwise.kind} ${JSON.stringify(otherwise.parameters)}` : '';
  return JSON.stringify(command) + (next ? `, then ${next.kind}` : '') + fallback;
}

async function contextOf(session: Session, hostPath: string | null): Promise<ActContext> {
  const { openProbe } = await import('../../redfish/probe.ts');
  return { session, ...(await openProbe(session, { hostPath })), clock };
}

async function give<P>(context: HandContext, kind: ActDefinition<P, HandContext>, plan: ActPlan): Promise<Observation> {
  const { next, otherwise } = plan;
  // As an intent holds it: what is half of something is observed as that half.
  const words: Plain = { ...plan.command, ...(next && { next }), ...(otherwise && { otherwise }) };
  const answer = await plan.send().catch((error: unknown) => {
    if (error instanceof RedfishError) return error;
    throw error;
  });
  if (answer instanceof RedfishError && answer.carriedOut === 'no')
    return refused(context, kind, { command: words, before: plan.before }, answer);
  const sent = { command: words, before: plan.before, answer: answer instanceof RedfishError ? null : answer };
  return watch(context, kind, sent, plan.watchMs);
}

/** A controller that certainly did nothing: a success where what was wanted is so already (quirk 29). */
async function refused<P>(
  context: HandContext,
  kind: ActDefinition<P, HandContext>,
  { command, before }: Pick<Sent, 'command' | 'before'>,
  error: RedfishError,
): Promise<Observation> {
  const seen = await kind.observe(context, { command, before, answer: null }).catch(() => null);
  return seen?.state === 'done' ? seen : { state: 'not_done', observed: error.message };
}

async function watch<P>(
  context: HandContext,
  kind: ActDefinition<P, HandContext>,
  sent: Sent,
  watchFor: number | undefined,
): Promise<Observation> {
  // By hand nobody settles it later: what takes long is followed here.
  const follow = typeof kind.follow === 'function' ? kind.follow(sent) : kind.follow;
  const { intervalMs, totalMs } = follow ?? kind.watch;
  const until = Date.now() + (watchFor ?? totalMs);
  for (let known = sent; ; ) {
    const seen = await kind.observe(context, known).catch((error: Error): Observation => {
      return { state: 'unknown', observed: error.message };
    });
    known = seen.keep ? { ...known, answer: { ...known.answer, ...seen.keep } } : known;
    if (seen.state !== 'unknown' || seen.waitsFor !== undefined || Date.now() > until) return seen;
    await clock.wait(intervalMs);
  }
}
