import { type Command, Option } from 'commander';
import { ApiProblem } from '../client/api.ts';
import type { HumanStepView, OrderView, StepView } from '../contract/api.ts';
import { normaliseMac, orderStates } from '../mdb/machine.ts';
import type { Context } from './context.ts';
import { age } from './format.ts';
import type { Column } from './table.ts';

export const orderColumns = (now: number): Column<OrderView>[] => [
  { title: 'order', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'passage', cell: ({ passage }) => passage },
  { title: 'state', cell: ({ state }) => state },
  { title: 'age', cell: ({ createdAt }) => age(createdAt, now), align: 'right' },
  { title: 'by', cell: ({ requester }) => requester },
  { title: 'reason', cell: ({ reason }) => reason, flexible: true },
  { title: 'outcome', cell: ({ outcome }) => outcome, flexible: true },
];

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
}

export function addBirth(program: Command, open: () => Context): void {
  program
    .command('birth')
    .description('order the birth of a machine; a MAC that nobody announced is announced by this')
    .argument('<machine>', 'id, hostname or MAC')
    .option('--reason <text>', 'why, for the audit')
    .option('--id <id>', 'id of the order, so that asking twice is one order')
    .option('--wipe', 'its disks may be wiped, whatever is on them', false)
    .action(async (machine: string, { reason, id, wipe }: BirthOptions) => {
      const { api, screen, operator } = open();
      const wish = {
        machine,
        passage: 'birth',
        wipe,
        reason: reason ?? `${operator} asked for it`,
        ...(id === undefined ? {} : { id }),
      } as const;
      const mac = normaliseMac(machine);
      const taken = await api.order(wish).catch(async (error: unknown) => {
        if (!(error instanceof ApiProblem) || error.status !== 404 || mac === null) throw error;
        await api.announce({ mac });
        return api.order(wish);
      });
      const { order, created } = taken;
      screen.answer(taken, () =>
        screen.line(
          `${order.id} ${created ? 'is ordered' : 'was ordered before'} for ${order.machineId}: farrier order show ${order.id}`,
        ),
      );
    });
}

export function addOrder(program: Command, open: () => Context): void {
  const order = program.command('order').description('what was asked for');
  order
    .command('list')
    .description('list orders, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(orderStates))
    .option('--machine <machine>', 'only for this machine')
    .action(async (filter: { state?: string; machine?: string }) => {
      const { api, screen, now } = open();
      const orders = await api.orders(filter);
      screen.answer(orders, () => screen.table(orderColumns(now), orders, 'Nothing is ordered.'));
    });
  order
    .command('show')
    .description('show an order with its steps')
    .argument('<order>', 'id of the order')
    .action(async (id: string) => {
      const { api, screen, now } = open();
      const detail = await api.showOrder(id);
      screen.answer(detail, () => {
        screen.table(orderColumns(now), [detail.order], '');
        screen.line('');
        screen.table(stepColumns, detail.steps, 'None of its steps has begun.');
        if (detail.humanSteps.length > 0) screen.line('');
        if (detail.humanSteps.length > 0) screen.table(questionColumns(now), detail.humanSteps, '');
      });
    });
  order
    .command('cancel')
    .description('ask the passage of an order to stop')
    .argument('<order>', 'id of the order')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (id: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.cancel(id, reason);
      screen.answer({ accepted: true }, () =>
        screen.line(`${id} is asked to stop; "farrier order show ${id}" says when it has.`),
      );
    });
}

export function addStep(program: Command, open: () => Context): void {
  const step = program.command('step').description('steps that wait for a person');
  step
    .command('list')
    .description('list the questions that wait, oldest first')
    .option('--all', 'those that were answered too')
    .option('--machine <machine>', 'only for this machine')
    .action(async ({ all, machine }: { all?: true; machine?: string }) => {
      const { api, screen, now } = open();
      const steps = await api.steps({ open: !all, ...(machine === undefined ? {} : { machine }) });
      screen.answer(steps, () => screen.table(questionColumns(now), steps, 'Nothing waits for a person.'));
    });
  step
    .command('answer')
    .description('answer a question; the first answer counts')
    .argument('<step>', 'id of the step, as "farrier step list" shows it')
    .argument('<answer>', 'one of its answers')
    .option('--note <text>', 'what was found or done')
    .action(async (id: string, answer: string, { note }: { note?: string }) => {
      const { api, screen } = open();
      await api.answer(id, answer, note);
      screen.answer({ accepted: true }, () => screen.line(`${id} is answered: ${answer}`));
    });
}
