/** `farrier rack onboard`: a rack from its announcement to all of its machines in service, as often as one likes. */
import type { Command } from 'commander';
import { ApiProblem } from '../client/api.ts';
import type { MachineAnnouncement, MachineSummary } from '../contract/api.ts';
import type { PlacesRequest } from '../contract/places.ts';
import type { Seconds } from '../domain/duration.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { exits } from './exits.ts';
import { span } from './format.ts';
import { readJson } from './ordering.ts';
import type { Column } from './table.ts';
import { awaitOrders, exitOfOrders } from './waiting.ts';

interface OnboardOptions {
  readonly places?: string;
  readonly machines?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly timeout?: Seconds;
}

export function addOnboard(rack: Command, open: Open): void {
  rack
    .command('onboard')
    .description('bring all machines of a rack into service; those that are there already are left alone')
    .argument('<rack>', 'its name')
    .option('--places <json>', 'announce these first, as "rack announce" does: JSON, @FILE or -')
    .option(
      '--machines <json>',
      'announce these machines of it first, as a list of what "machine add" takes: JSON, @FILE or -',
    )
    .option('--reason <text>', 'why, for the audit')
    .option('--no-wait', 'only order it')
    .option('--timeout <seconds>', 'how long to wait for them', wholeNumber(0, 604_800))
    .action(async (name: string, options: OnboardOptions) => onboard(open(), name, options));
}

interface Onboarded {
  readonly machine: MachineSummary;
  readonly order: string | null;
  /** Why it could not be ordered, or is waited for by a person. */
  readonly trouble: string | null;
}

async function onboard(context: Context, rack: string, options: OnboardOptions): Promise<void> {
  const { api, operator, screen } = context;
  const began = Date.now();
  await announce(context, rack, options);
  if (!(await api.racks()).some(({ id }) => id === rack))
    throw new ApiProblem(404, 'not-found', `there is no rack ${rack}: farrier rack set ${rack}, or --places`);
  const reason = options.reason ?? `${operator} onboards rack ${rack}`;
  const found = await machinesOf(context, rack);
  const ordered = await Promise.all(found.map((machine) => begin(context, machine, reason)));
  const ids = ordered.flatMap(({ order }) => order ?? []);
  const orders = options.wait && ids.length > 0 ? await awaitOrders(context, ids, options.timeout ?? null) : null;
  const now = await machinesOf(context, rack);
  const rows = ordered.map((one) => ({ ...one, machine: now.find(({ id }) => id === one.machine.id) ?? one.machine }));
  process.exitCode = exitOf(rows, orders === null ? null : exitOfOrders(orders.values()));
  const asked = ids.length;
  const seconds = (Date.now() - began) / 1000;
  screen.answer({ rack, ordered: asked, seconds, machines: rows.map(show) }, () => {
    screen.table(columns, rows, `No machine of rack ${rack} is known: they are found when they boot.`);
    screen.line(sumUp(rack, rows, asked, seconds));
  });
}

async function announce({ api }: Context, rack: string, { places, machines }: OnboardOptions): Promise<void> {
  if (places !== undefined) await api.announcePlaces((await readJson(places, '--places')) as PlacesRequest);
  if (machines === undefined) return;
  const known = new Set((await api.machines()).map(({ mac }) => mac.toLowerCase()));
  for (const machine of (await readJson(machines, '--machines')) as MachineAnnouncement[]) {
    if (!known.has(machine.mac.toLowerCase().replaceAll('-', ':'))) await api.announce({ rack, ...machine });
  }
}

async function machinesOf({ api }: Context, rack: string): Promise<MachineSummary[]> {
  const found = await api.machines({ rack });
  return found
    .filter(({ stage }) => stage !== 'retired')
    .sort((one, other) => (one.unit ?? 0) - (other.unit ?? 0) || one.id.localeCompare(other.id));
}

/** Orders the birth of a machine that has none under way and was never in service. */
async function begin({ api }: Context, machine: MachineSummary, reason: string): Promise<Onboarded> {
  const { id, held, inServiceAt, orderId } = machine;
  if (orderId !== null) return { machine, order: inServiceAt === null ? orderId : null, trouble: held };
  if (inServiceAt !== null) return { machine, order: null, trouble: held };
  try {
    const { order } = await api.order({ machine: id, passage: 'birth', reason });
    return { machine, order: order.id, trouble: null };
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status === 0) throw error;
    return { machine, order: null, trouble: error.message };
  }
}

const isThere = ({ machine: { stage } }: Onboarded) => stage === 'in_service';

function exitOf(rows: readonly Onboarded[], ended: number | null): number {
  if (rows.every(isThere)) return exits.done;
  if (ended !== null && ended !== exits.done) return ended;
  return ended === null ? exits.done : exits.unsuccessful;
}

/** From its first boot until it was in service. */
const took = ({ machine: { firstBootAt, inServiceAt } }: Onboarded) =>
  inServiceAt === null ? null : (Date.parse(inServiceAt) - Date.parse(firstBootAt)) / 1000;

const columns: Column<Onboarded>[] = [
  { title: 'machine', cell: ({ machine: { id, hostname } }) => hostname ?? id },
  { title: 'unit', cell: ({ machine: { unit } }) => unit, align: 'right' },
  { title: 'stage', cell: ({ machine: { stage } }) => stage },
  { title: 'order', cell: ({ order }) => order },
  {
    title: 'born in',
    cell: ({ machine: { firstBootAt, inServiceAt } }) => (inServiceAt === null ? null : span(firstBootAt, inServiceAt)),
    align: 'right',
  },
  { title: 'waits for', cell: ({ machine: { held, step }, trouble }) => held ?? trouble ?? step, flexible: true },
];

function show(one: Onboarded) {
  const { id, hostname, unit, stage } = one.machine;
  return { id, hostname, unit, stage, order: one.order, trouble: one.trouble, bornInSeconds: took(one) };
}

function sumUp(rack: string, rows: readonly Onboarded[], asked: number, seconds: Seconds): string {
  const there = rows.filter(isThere);
  const times = there.flatMap((one) => took(one) ?? []).sort((one, other) => one - other);
  const at = (share: number) =>
    `${Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0)} s`;
  const timing = times.length === 0 ? '' : `; born in ${at(0)} at best, ${at(0.5)} in the middle, ${at(1)} at worst`;
  const work = asked === 0 ? 'nothing was to be done' : `${asked} births, ${Math.round(seconds)} s`;
  return `Rack ${rack}: ${there.length} of ${rows.length} machines are in service (${work})${timing}.`;
}
