/** Runs passages: the one place that begins and ends orders, keeps the rows of steps, and knows how a passage is left. */
import { ActivityFailure, ApplicationFailure, condition, setCurrentDetails } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { noOrder, type StepStart } from '../../contract/passage.ts';
import type { Passage } from '../../domain/machine.ts';
import { type Requests, requestOf } from '../../domain/requests.ts';
import { passageActivities } from '../proxies.ts';
import { Acts } from './acts.ts';
import type { Begun, Definition, Step } from './definition.ts';
import type { Effects } from './effects.ts';
import { openEffects } from './opening.ts';
import { Questions } from './questions.ts';
import { Recall } from './recall.ts';
import { BootedAnew, done, type Ended, goTo, Leave, refuse, type StepResult } from './result.ts';
import { Run } from './run.ts';

/** The workflow of a passage, which carries its definition. */
export type PassageWorkflow<Request, Facts> = ((input: PassageInput) => Promise<PassageSummary>) &
  Definition<Request, Facts>;

type RequestOf<P extends Passage> = P extends keyof Requests ? Requests[P] : unknown;

/** Declares a passage. Its request is read, with its defaults, as domain/requests.ts has it. */
export function definePassage<P extends Passage, Facts = object>(
  passage: P,
  rest: Omit<Definition<RequestOf<P>, Facts>, 'passage' | 'facts'> &
    Partial<Pick<Definition<RequestOf<P>, Facts>, 'facts'>>,
): PassageWorkflow<RequestOf<P>, Facts> {
  const definition = { facts: () => ({}) as Facts, ...rest, passage };
  const perform = (input: PassageInput) => new Engine(definition as unknown as Definition, input).perform();
  return Object.assign(perform, definition);
}

class Engine {
  private readonly definition: Definition;
  private readonly run: Run;
  private readonly questions: Questions;
  private readonly acts: Acts;
  private readonly effects: Effects;
  private begun = false;

  constructor(definition: Definition, input: PassageInput) {
    this.definition = definition;
    this.run = new Run(definition, input);
    this.questions = new Questions(this.run);
    this.acts = new Acts(this.run);
    this.effects = openEffects(this.run, this.questions, this.acts, (step) => this.start(this.stepOf(step)));
  }

  /** From the order to its end: whatever happens, permits are given back. */
  async perform(): Promise<PassageSummary> {
    const { run } = this;
    // Handlers of messages, before anything is awaited.
    run.inbox.open();
    run.inbox.onIgnored = (why, message) => this.questions.keepIgnored(why, message);
    run.permits.open();
    run.takeover.open();
    try {
      return await this.go();
    } catch (error) {
      if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === noOrder)
        throw error.cause;
      if (!(error instanceof Leave)) throw error;
      return await (this.begun && !run.rehearsing ? this.leave(error.ended) : this.end(error.ended, false));
    } finally {
      await run.permits.returnPermit();
    }
  }

  private async go(): Promise<PassageSummary> {
    const begun = await this.begin();
    if (!begun.live) return this.unbegun(begun.why);
    const rehearsed = this.mustRehearse(begun) ? await this.rehearse(begun) : null;
    if (rehearsed !== null) return rehearsed;
    return this.finish(await this.walk());
  }

  private async begin(): Promise<Begun> {
    const { run, definition } = this;
    const take = async (): Promise<Begun> => {
      if (!run.gate.isClear) await run.gate.pass();
      return passageActivities.beginPassage({ ...run.order, next: this.start(run.step) });
    };
    const begun = await (definition.begin?.(run, this.effects) ?? take());
    const { live, fence, controller, epoch, past, requester = '', requesterClass = 'user' } = begun;
    if (begun.class !== undefined) run.holder.class = begun.class;
    if (begun.opState !== undefined) run.state = begun as Run['state'];
    run.operator = requesterClass === 'user' && requester !== '' ? requester : null;
    run.fence = fence;
    run.controller = controller;
    if (epoch !== undefined) run.order.epoch = epoch;
    run.recall = new Recall(
      definition.steps.map(({ name }) => name),
      past,
      run.order.orderId,
    );
    this.acts.count = run.recall.acted;
    this.questions.count = run.recall.questionCount;
    run.takeover.recall = run.recall;
    run.request = requestOf(definition.passage, begun.request ?? {});
    run.facts = definition.facts(begun, run.recall);
    if (past) run.state = past.state;
    if (past) run.inbox.recall(past, run.recall.isPast(run.step.name));
    if (live) await run.permits.adopt(past?.permits ?? []);
    this.begun = live;
    return begun;
  }

  /** A plan that was compared before the passage was begun again was as it had been reviewed: the machine has moved since. */
  private mustRehearse({ dryRun = false, reviewed = null }: Begun): boolean {
    return dryRun || (reviewed !== null && this.run.recall.past?.planned !== true);
  }

  /**
   * Walks the same steps with effects that write down what they would do. Null when the order is to be done after all:
   * its plan is still the one that was reviewed.
   */
  private async rehearse(begun: Begun): Promise<PassageSummary | null> {
    const { run } = this;
    const { state } = run;
    run.rehearsing = true;
    const ended = await this.walk();
    run.rehearsing = false;
    // What it asked of the controller was not asked.
    this.acts.count = 0;
    run.powers = 0;
    run.state = state;
    run.facts = this.definition.facts(begun, run.recall);
    if (ended.state !== 'done') return this.end(ended, false);
    await run.gate.pass();
    const hash = await passageActivities.keepPlan({ ...run.order, lines: run.plan });
    if (begun.dryRun) return this.end(done(`dry run: ${run.plan.length} acts, plan ${hash}`), false);
    if (hash === begun.reviewed) return null;
    return this.end(refuse(`the plan is now ${hash}, and ${begun.reviewed} was reviewed`), false);
  }

  /** Step by step to the end; what leaves it on its way is thrown. */
  private async walk(): Promise<Ended> {
    const { run, definition, effects } = this;
    const { steps } = definition;
    const refused = definition.refuse?.(run) ?? null;
    if (refused !== null) return refused;
    let position = run.recall.again ? await this.resume() : 0;
    for (let from: Step<unknown, unknown> | null = null; ; ) {
      const step = steps[position] ?? null;
      let result: StepResult;
      try {
        const entering = step === null ? null : this.enter(step, from);
        if (entering !== null) await entering;
        if (step === null) result = await definition.finish(run, effects);
        else result = await (run.rehearsing && step.foresee ? step.foresee(run, effects) : step.run(run, effects));
      } catch (error) {
        result = await this.bootedAnew(error);
      } finally {
        run.mayBoot = false;
      }
      if (result.to === 'end') return result;
      from = step;
      if (result.to === 'step') position = steps.indexOf(this.stepOf(result.step));
      else position = result.to === 'next' ? position + 1 : steps.length;
    }
  }

  /** Where it begins; begun again behind a step, what that step had taken is taken up. */
  private async resume(): Promise<number> {
    const { run, definition, effects } = this;
    const at = definition.resumesAt?.(run) ?? run.recall.at ?? run.step.name;
    const position = definition.steps.indexOf(this.stepOf(at));
    run.resuming = true;
    for (const step of definition.steps.slice(0, position)) {
      run.step = step;
      await step.resume?.(run, effects);
    }
    run.resuming = false;
    return position;
  }

  /** A step begins; null where nothing stands before that. */
  private enter(step: Step<unknown, unknown>, from: Step<unknown, unknown> | null): Promise<void> | null {
    const { run, definition } = this;
    run.step = step;
    run.mayBoot = definition.afterBoot !== undefined;
    if (run.rehearsing || (definition.rowsByEffects && run.gate.isClear && !run.recall.hasLeft)) return null;
    return this.enterRow(step, from);
  }

  /** Its row is written in the transaction that ends the one before. */
  private async enterRow(step: Step<unknown, unknown>, from: Step<unknown, unknown> | null): Promise<void> {
    const { run } = this;
    if (from !== null) await this.questions.closeLeft();
    await run.gate.pass();
    if (this.definition.rowsByEffects) return;
    if (from === null || from === step) return run.recall.reach(step.name);
    run.recall.reach(step.name);
    await passageActivities.beginNextStep({ ...run.order, ended: from.name, next: this.start(step) });
  }

  /** A machine that booted anew goes on where its passage says; the MDB counts the attempt. */
  private async bootedAnew(error: unknown): Promise<StepResult> {
    const { run, definition } = this;
    if (!(error instanceof BootedAnew) || definition.afterBoot === undefined) throw error;
    run.inbox.take(error.report);
    await passageActivities.noteReboot({ ...run.order, step: run.step.name });
    return goTo(definition.afterBoot(run));
  }

  private stepOf(name: string): Step<unknown, unknown> {
    const step = this.definition.steps.find((one) => one.name === name);
    if (step === undefined) throw ApplicationFailure.nonRetryable(`${this.definition.passage} has no step ${name}`);
    return step;
  }

  private start(step: Step<unknown, unknown>): StepStart {
    const ordinal = (this.definition.steps.indexOf(step) + 1) * 10;
    return { step: step.name, ordinal, owner: step.owner, limit: this.run.limitOf(step) };
  }

  /** It ends on its way: what was done to get there is undone, as far as nothing was done to the machine. */
  private async leave(ended: Ended): Promise<PassageSummary> {
    const { run, definition, effects } = this;
    await definition.leave?.(run, effects);
    return this.finish((await run.undo?.(ended)) ?? ended);
  }

  private finish(ended: Ended): Promise<PassageSummary> {
    const { run, definition } = this;
    setCurrentDetails(`Ended: ${ended.note}`);
    return this.end(ended, ended.state !== 'done' && !ended.skipped && (definition.holds ?? standsAside)(run, ended));
  }

  /** Ends the order, and says how it ended and where the machine stands. */
  private async end({ state, note, skipped, recorded }: Ended, hold: boolean): Promise<PassageSummary> {
    const { run } = this;
    if (recorded) return this.summary(state, note);
    if (this.questions.isKeeping) await condition(() => !this.questions.isKeeping);
    if (run.recall.hasLeft) await this.questions.closeLeft();
    const end = { state, outcome: note, hold, ...(skipped && { skipped }) };
    run.state = await passageActivities.endOrder({ ...run.order, ...end });
    return { ...this.summary(state, note), ...(skipped && { skipped }) };
  }

  /** It had ended before it began. */
  private unbegun(why: string | undefined): PassageSummary {
    return { ...this.summary('cancelled', why), ...(why && { unbegun: why }) };
  }

  /** How it ended; from then on it waits on nothing. */
  private summary(outcome: PassageSummary['outcome'], note?: string): PassageSummary {
    const { run } = this;
    run.inbox.close(note ?? null);
    const { stage, opState, bootState, rack, pool, sku } = run.state;
    const { orderId, passage } = run.order;
    return {
      orderId,
      passage,
      outcome,
      stage,
      opState,
      bootState,
      ...(rack && { rack }),
      ...(pool && { pool }),
      ...(sku && { sku }),
      ...(note && { note }),
    };
  }
}

/** What stands out of service after a passage that did not succeed stands there until a person moves it on. */
function standsAside({ state }: Run): boolean {
  return state.opState !== 'production' && state.opState !== 'draining';
}
