import type { HumanStepView, MachineSummary, OrderView, StatusView, StepView } from '../../contract/api.ts';
import { bootLoop } from '../../domain/bootloop.ts';
import type { Passage, Stage } from '../../domain/machine.ts';
import type { LastMove } from '../../mdb/machines/timeline.ts';
import type { Waited } from '../../mdb/permits/semaphores.ts';

export interface StatusFacts {
  readonly machine: MachineSummary;
  readonly order: OrderView | null;
  readonly steps: readonly StepView[];
  readonly questions: readonly HumanStepView[];
  readonly lastMove: LastMove | null;
  /** The permit that it waits for. */
  readonly waited: Waited | null;
  readonly directive: string;
  /** Why its controller is shut out; null where it is not. */
  readonly quarantine: string | null;
  /** The storm brake in a sentence, while it is engaged. */
  readonly brake: string | null;
  /** Boots within the time of a boot loop. */
  readonly boots: number;
}

const nextStage: Record<Stage, string> = {
  racked: 'registered: name and address by its position',
  registered: 'configured: BIOS and firmware by its profile',
  configured: 'profiled: burn-in and choice of an image',
  profiled: 'deployed: disks and image',
  deployed: 'in service: its own system reports',
  in_service: 'nothing: it works',
  maintenance: 'in service again',
  repair: 'in service again',
  retired: 'nothing: it has left the fleet',
};

/** What an order comes to on a machine that is in service. */
const nextOrdered: Record<Passage, string> = {
  birth: 'in service again, installed anew',
  rebirth: 'in service again, installed anew',
  clean: 'its disks proven empty, for its next owner',
  maintenance: 'in service again, with the work done',
  repair: 'in service again, healthy',
  retire: 'retired, with its disks proven empty',
  drain: 'out of production, without work',
  undrain: 'in production again',
  reboot: 'rebooted, and in production again unless it was sent elsewhere',
  power: 'its power as it was asked for',
};

/** One sentence each: where a machine is, why, since when, by whom, what comes next, what it waits for. */
export function statusSentence(facts: StatusFacts): StatusView {
  const { machine, order, lastMove } = facts;
  const place = machine.rack === null ? 'no position yet' : `rack ${machine.rack} unit ${machine.unit}`;
  return {
    where: `${machine.stage}, ${machine.opState}, ${place}`,
    why: order ? `${order.passage} ${order.id}: ${order.reason}` : 'nothing is ordered',
    since: lastMove?.at ?? machine.since,
    by: lastMove?.actor ?? 'nobody',
    next: describeNext(facts),
    blockedOn: describeBlock(facts),
  };
}

function describeNext(facts: StatusFacts): string {
  const { machine, order } = facts;
  if (order === null) return describeIdle(facts);
  const { passage, dryRun, pausedBy, takenOverBy, notBefore, state } = order;
  if (takenOverBy !== null) return `what ${takenOverBy} does by hand, until they say that it is done`;
  const end = dryRun ? 'a plan of what would be done' : describeEnd(passage, machine.stage);
  if (pausedBy !== null) return `nothing until it is resumed, then ${end}`;
  return state === 'waiting' && isToCome(notBefore) ? `from ${notBefore} on: ${end}` : end;
}

/** A machine that is being born goes from stage to stage, and every other comes to what was ordered. */
function describeEnd(passage: Passage, stage: Stage): string {
  const isNew = passage === 'birth' || passage === 'rebirth';
  const onSteps = isNew && stage !== 'in_service' && stage !== 'retired';
  return onSteps ? nextStage[stage] : nextOrdered[passage];
}

const isToCome = (notBefore: string | null) => notBefore !== null && Date.parse(notBefore) > Date.now();

/** What comes of a machine for which nothing is ordered: "it works" only where everything that is known says so. */
function describeIdle(facts: StatusFacts): string {
  const { machine } = facts;
  if (machine.stage === 'retired') return 'nothing: it has left the fleet';
  const want = describeWant(facts);
  return want === null ? nextStage.in_service : `nothing until ${want}`;
}

/** What somebody has to do for a machine that nothing is ordered for, by the command for it; null where it works. */
function describeWant({ machine, quarantine, boots }: StatusFacts): string | null {
  const { id, stage, opState, repairState, held } = machine;
  if (stage === 'retired') return null;
  if (held !== null) return `somebody has seen to what holds it: ${held}`;
  if (stage === 'in_service' && opState === 'hard_reboot')
    return 'a person has looked at it: it stands in a reboot that no order sees to its end';
  if (repairState === 'awaiting_parts') return 'the part is there that it waits for, and a repair is ordered';
  if (repairState !== 'none') return `it is repaired, since its repair state is ${repairState} (farrier repair ${id})`;
  if (stage === 'in_service' && opState !== 'production')
    return `somebody brings it back, since it is ${opState} (farrier undrain ${id})`;
  if (stage !== 'in_service') return `somebody orders a passage, since it stands at stage ${stage}`;
  if (boots >= bootLoop.times)
    return `somebody has looked why it booted ${boots} times within ${bootLoop.minutes} minutes`;
  if (quarantine !== null)
    return `somebody releases its controller, which is shut out: ${quarantine} (farrier machine release ${id})`;
  return null;
}

function describeBlock(facts: StatusFacts): string {
  const { machine, order, steps, questions, waited, brake, directive } = facts;
  const [question] = questions;
  if (question) {
    return `${question.owner}: ${question.question} (farrier step answer ${question.id} ${question.choices.join('|')})`;
  }
  if (machine.held !== null) return `held: ${machine.held} (farrier machine unhold ${machine.id} --reason …)`;
  // One that was announced and never ordered is in nobody's way, and nothing is in its.
  if (order === null) return (machine.stage === 'racked' ? null : describeWant(facts)) ?? 'nothing';
  if (order.takenOverBy !== null) return `${order.takenOverBy}, who took it over (farrier order resume ${order.id})`;
  if (order.pausedBy !== null) return `${order.pausedBy}, who paused it (farrier order resume ${order.id})`;
  // An order may wait for its permit before it begins.
  if (waited !== null) return describePermit(waited);
  if (order.state === 'waiting') return describeWait(order);
  const running = steps.filter(({ state }) => state === 'running' || state === 'held');
  const step = running.find(({ source }) => source === 'agent') ?? running[0];
  // What has left already is not held by it, and what does not leave is not either.
  const held = brake !== null && machine.opState === 'production' && !order.dryRun ? `; ${brake}` : '';
  if (!step) return `its workflow; the agent is told to ${directive}${held}`;
  const percent = machine.percent === null ? '' : ` at ${Math.round(machine.percent)} %`;
  const why = step.source === 'passage' && step.message !== null ? ` (${step.message})` : '';
  return `${step.owner}: ${step.name}${percent}${step.late ? ', which is late' : ''}${why}${why === '' ? held : ''}`;
}

function describePermit({ semaphore, before, gate }: Waited): string {
  const line = before === 0 ? 'first in line' : `${before} in line before it`;
  return `a permit of ${semaphore}, ${line}${gate === null ? '' : `: ${gate}`}`;
}

function describeWait({ notBefore }: OrderView): string {
  if (isToCome(notBefore)) return `its time: not before ${notBefore}`;
  return 'its workflow, which has not taken the order yet';
}
