import { type Command, InvalidArgumentError, Option } from 'commander';
import { ApiProblem } from '../client/api.ts';
import type { HumanStepView, OrderDetail, OrderView, StepView } from '../contract/api.ts';
import type { Seconds } from '../domain/duration.ts';
import { normaliseMac, orderStates } from '../domain/machine.ts';
import { addPlace } from './actions.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { age, moment } from './format.ts';
import { mustBeOne, readJson, showOutcomes, waitFor } from './ordering.ts';
import { planColumns } from './rehearsal.ts';
import type { Column } from './table.ts';
import { secondsOf, type Wait, waitOption } from './waiting.ts';
import { watched } from './watch.ts';

export const orderColumns = (now: number): Column<OrderView>[] => [
  { title: 'order', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'passage', cell: ({ passage }) => passage },
  { title: 'state', cell: ({ state, pausedBy, takenOverBy }) => describeState(state, pausedBy, takenOverBy) },
  { title: 'class', cell: ({ class: urgency }) => (urgency === 'maintenance' ? null : urgency) },
  {
    title: 'from',
    cell: ({ state, notBefore }) => (state === 'waiting' && notBefore !== null ? moment(notBefore) : null),
  },
  { title: 'age', cell: ({ createdAt }) => age(createdAt, now), align: 'right' },
  { title: 'by', cell: ({ requester }) => requester },
  { title: 'reason', cell: ({ reason }) => reason, flexible: true },
  { title: 'outcome', cell: ({ outcome }) => outcome, flexible: true },
];

/** A state that people changed something about, in one word. */
function describeState(state: string, pausedBy: string | null, takenOverBy: string | null): string {
  const live = state === 'waiting' || state === 'running';
  if (live && takenOverBy !== null) return 'taken over';
  return live && pausedBy !== null ? 'paused' : state;
}

export const stepColumns: Column<StepView>[] = [
  { title: 'step', cell: ({ name }) => name },
  { title: 'source', cell: ({ source }) => source },
  { title: 'state', cell: ({ state, late }) => (late ? 'late' : state) },
  { title: 'try', cell: ({ attempt }) => attempt, align: 'right' },
  { title: 'seconds', cell: (step) => step.seconds ?? between(step.startedAt, step.endedAt), align: 'right' },
  { title: 'device', cell: ({ device }) => device, flexible: true },
  { title: 'message', cell: ({ message }) => message, flexible: true },
];

const questionColumns = (now: number): Column<HumanStepView>[] => [
  { title: 'step', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'owner', cell: ({ owner }) => owner },
  { title: 'waits', cell: ({ openedAt }) => age(openedAt, now), align: 'right' },
  { title: 'answers', cell: ({ choices, answer }) => answer ?? choices.join('|') },
  { title: 'question', cell: ({ question }) => question, flexible: true },
];

function between(from: string, to: string | null): number | null {
  return to === null ? null : Math.round((Date.parse(to) - Date.parse(from)) / 100) / 10;
}

interface BirthOptions {
  readonly reason?: string;
  readonly id?: string;
  readonly wipe: boolean;
  readonly wait?: Wait;
}

export function addBirth(program: Command, open: Open): void {
  program
    .command('birth')
    .argument('<machine>', 'id, hostname or MAC')
    .option('--reason <text>', 'why, for the audit')
    .option('--id <id>', 'id of the order, so that asking twice is one order')
    .option('--wipe', 'its disks may be wiped, whatever is on them', false)
    .addOption(waitOption())
    .action(async (machine: string, { reason, id, wipe, wait = false }: BirthOptions) => {
      const context = open();
      const { api, screen, operator } = context;
      const spec = {
        machine,
        passage: 'birth',
        wipe,
        reason: reason ?? `${operator} asked for it`,
        ...(id === undefined ? {} : { id }),
      } as const;
      const mac = normaliseMac(machine);
      const taken = await api.order(spec).catch(async (error: unknown) => {
        if (!(error instanceof ApiProblem) || error.status !== 404 || mac === null) throw error;
        await api.announce({ mac });
        return api.order(spec);
      });
      const { order, created } = taken;
      if (wait !== false) return waitFor(context, [order.id], secondsOf(wait));
      screen.answer(taken, () =>
        screen.line(
          `${order.id} ${created ? 'is ordered' : 'was ordered before'} for ${order.machineId}: farrier order show ${order.id}`,
        ),
      );
    });
}

interface ListOptions {
  readonly state?: string;
  readonly machine?: string;
  readonly scheduled?: true;
}

export function addOrder(program: Command, open: Open): void {
  const order = program.command('order');
  const list = order
    .command('list')
    .alias('ls')
    .description('list orders, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(orderStates))
    .option('--machine <machine>', 'only for this machine')
    .option('--scheduled', 'only those that begin later: they wait for their time, and may be cancelled');
  watched(list, open, ['order', 'step'], async ({ api, screen, now }, { scheduled, ...filter }: ListOptions) => {
    const found = await api.orders(scheduled ? { ...filter, state: 'waiting' } : filter);
    const orders = scheduled ? found.filter(({ notBefore }) => Date.parse(notBefore ?? '') > now) : found;
    screen.answer(orders, () => screen.table(orderColumns(now), orders, 'Nothing is ordered.'));
  });
  const show = order.command('show').description('show an order with its steps').argument('<order>', 'id of the order');
  watched(show, open, ['order', 'step', 'question'], async (context, id: string) => {
    const detail = await context.api.showOrder(id);
    context.screen.answer(detail, () => showDetail(context, detail));
  });
  order
    .command('wait')
    .description('wait until orders have ended; the exit code tells how')
    .argument('<orders...>', 'ids of the orders')
    .option('--timeout <seconds>', 'for so long at most', wholeNumber(0, 31_536_000))
    .action(async (ids: string[], { timeout }: { timeout?: Seconds }) => waitFor(open(), ids, timeout ?? null));
  order
    .command('cancel')
    .description('request that the passage of an order stops')
    .argument('<order>', 'id of the order')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (id: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.cancel(id, reason);
      screen.answer({ accepted: true }, () =>
        screen.line(`${id} is asked to stop; "farrier order show ${id}" says when it has.`),
      );
    });
  addPlace(order, open);
  addSteering(order, open);
  addBrainslug(order, open);
}

function showDetail({ screen, now }: Context, detail: OrderDetail): void {
  screen.table(orderColumns(now), [detail.order], '');
  screen.line('');
  screen.facts('Asked', showRequest(detail.order));
  screen.line('');
  screen.table(stepColumns, detail.steps, 'None of its steps has begun.');
  if (detail.plan !== null) {
    screen.line('');
    screen.line(`Plan ${detail.plan.hash}`);
    screen.table(planColumns, detail.plan.lines, 'It would do nothing.');
  }
  if (detail.humanSteps.length > 0) screen.line('');
  if (detail.humanSteps.length > 0) screen.table(questionColumns(now), detail.humanSteps, '');
}

function showRequest({ request, class: urgency, dryRun, notBefore, deadline, pausedBy, takenOverBy }: OrderView) {
  return [
    ['class', urgency],
    ['dry run', dryRun ? 'yes' : null],
    ['not before', notBefore === null ? null : moment(notBefore)],
    ['deadline', deadline === null ? null : moment(deadline)],
    ['paused by', pausedBy],
    ['taken over by', takenOverBy],
    ...Object.entries(request).map(
      ([name, value]) =>
        [name, typeof value === 'string' ? value : value === null ? null : JSON.stringify(value)] as const,
    ),
  ] as const;
}

const steering = [
  ['pause', 'begin nothing more of an order until it is resumed', 'is asked to pause'],
  ['resume', 'let a paused order go on, or take one back that a person took over', 'is asked to go on'],
  [
    'take-over',
    'do the rest of an order by hand, while Farrier watches',
    'is asked to leave the rest to you; "farrier step list" shows where to say that it is done',
  ],
] as const;

function addSteering(order: Command, open: () => Context): void {
  for (const [how, description, done] of steering) {
    order
      .command(how)
      .description(description)
      .argument('<order>', 'id of the order')
      .requiredOption('--reason <text>', 'why, for the audit')
      .action(async (id: string, { reason }: { reason: string }) => {
        const { api, screen } = open();
        await api.steer(id, how, reason);
        screen.answer({ accepted: true }, () => screen.line(`${id} ${done}.`));
      });
  }
}

interface BrainslugOptions {
  readonly selector?: string;
  readonly count?: number;
  readonly id?: string;
  readonly reason?: string;
}

function addBrainslug(order: Command, open: () => Context): void {
  order
    .command('brainslug')
    .description("order what BrainSlug's payload asks for")
    .argument('<file>', 'the message, {"state": …, "payload": {…}}; - for what is piped in')
    .argument('[machine]', 'id, hostname or MAC')
    .option('--selector <selector>', 'every machine that it means instead')
    .option('--count <machines>', 'how many it means; needed for "all"', wholeNumber(0, 1_000_000))
    .option('--reason <text>', 'why, for the audit')
    .option('--id <id>', 'beginning of the ids of the orders, so that asking twice is one order')
    .action(async (file: string, machine: string | undefined, options: BrainslugOptions, command: Command) => {
      mustBeOne(command, machine, options.selector);
      const context = open();
      const message = await readJson(file === '-' ? file : `@${file}`);
      showOutcomes(
        context,
        await context.api.brainslug({ message, ...options, ...(machine !== undefined && { machine }) }),
      );
    });
}

export function addStep(program: Command, open: Open): void {
  const step = program.command('step');
  addQuestions(step.command('list').alias('ls'), '--owner <team>', open);
  step
    .command('answer')
    .description('answer a question; the first answer counts')
    .argument('<step>', 'id of the step, as "farrier step list" shows it')
    .argument('<answer>', 'one of its answers')
    .option('--note <text>', 'what was found or done')
    .option('--data <json>', 'what the step wants to know besides, as a JSON object', jsonObject)
    .action(async (id: string, answer: string, more: { note?: string; data?: object }) => {
      const { api, screen } = open();
      await api.answer(id, answer, more);
      screen.answer({ accepted: true }, () => screen.line(`${id} is answered: ${answer}`));
    });
}

/** `farrier tasks`: what waits for the people of a team. */
export function addTasks(program: Command, open: Open): void {
  addQuestions(program.command('tasks'), '--team <team>', open);
}

interface QuestionOptions {
  readonly all?: true;
  readonly owner?: string;
  readonly team?: string;
  readonly machine?: string;
}

function addQuestions(list: Command, team: string, open: Open): void {
  list
    .description('list the questions that wait, oldest first')
    .option('--all', 'those that were answered too')
    .option(team, 'only those of this team')
    .option('--machine <machine>', 'only for this machine');
  const show = async ({ api, screen, now }: Context, { all, team: by, ...filter }: QuestionOptions) => {
    const steps = await api.steps({ open: !all, ...filter, ...(by !== undefined && { owner: by }) });
    screen.answer(steps, () => screen.table(questionColumns(now), steps, 'Nothing waits for a person.'));
  };
  watched(list, open, ['question'], show);
}

function jsonObject(text: string): object {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError('It is not a JSON object.');
}
