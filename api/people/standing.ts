import type { HumanStepView, MachineSummary, OrderView, StandingView, StepView } from '../../contract/api.ts';
import type { Passage, Stage } from '../../mdb/machine.ts';
import type { Waited } from '../../mdb/semaphores.ts';
import type { LastMove } from '../../mdb/timeline.ts';

export interface StandingFacts {
  readonly machine: MachineSummary;
  readonly order: OrderView | null;
  readonly steps: readonly StepView[];
  readonly questions: readonly HumanStepView[];
  readonly lastMove: LastMove | null;
  /** The permit that it waits for. */
  readonly waited: Waited | null;
  readonly directive: string;
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
export function tellStanding(facts: StandingFacts): StandingView {
  const { machine, order, lastMove } = facts;
  const place = machine.rack === null ? 'no position yet' : `rack ${machine.rack} unit ${machine.unit}`;
  return {
    where: `${machine.stage}, ${machine.opState}, ${place}`,
    why: order ? `${order.passage} ${order.id}: ${order.reason}` : 'nothing is ordered',
    since: lastMove?.at ?? machine.since,
    by: lastMove?.actor ?? 'nobody',
    next: tellNext(facts),
    blockedOn: tellBlock(facts),
  };
}

function tellNext({ machine: { stage }, order }: StandingFacts): string {
  if (order === null) return stage === 'in_service' ? nextStage[stage] : 'nothing until somebody orders a passage';
  if (order.dryRun) return 'a plan of what would be done';
  return stage === 'in_service' ? nextOrdered[order.passage] : nextStage[stage];
}

function tellBlock({ machine, order, steps, questions, waited, directive }: StandingFacts): string {
  const [question] = questions;
  if (question) {
    return `${question.owner}: ${question.question} (farrier step answer ${question.id} ${question.choices.join('|')})`;
  }
  if (machine.held !== null) return `held: ${machine.held}`;
  if (order === null) return 'nothing';
  if (order.pausedBy !== null) return `${order.pausedBy}, who paused it (farrier order resume ${order.id})`;
  if (order.state === 'waiting') return tellWait(order);
  if (waited !== null) return tellPermit(waited);
  const running = steps.filter(({ state }) => state === 'running' || state === 'held');
  const step = running.find(({ source }) => source === 'agent') ?? running[0];
  if (!step) return `its workflow; the agent is told to ${directive}`;
  const percent = machine.percent === null ? '' : ` at ${Math.round(machine.percent)} %`;
  const why = step.source === 'passage' && step.message !== null ? ` (${step.message})` : '';
  return `${step.owner}: ${step.name}${percent}${step.late ? ', which is late' : ''}${why}`;
}

function tellPermit({ semaphore, before, gate }: Waited): string {
  const line = before === 0 ? 'first in line' : `${before} in line before it`;
  return `a permit of ${semaphore}, ${line}${gate === null ? '' : `: ${gate}`}`;
}

function tellWait({ notBefore }: OrderView): string {
  if (notBefore !== null && Date.parse(notBefore) > Date.now()) return `its time: not before ${notBefore}`;
  return 'its workflow, which has not taken the order yet';
}
