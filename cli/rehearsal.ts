/** What a dry run shows: the plan, its hash, and the command that applies it. */
import type { Command } from 'commander';
import type { OrderDetail, PlanView } from '../contract/api.ts';
import type { Seconds } from '../domain/duration.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { cleanCell } from './table.ts';
import { awaitOrders, isOrderOver } from './waiting.ts';

/** One machine's rehearsal, as far as it has come. */
export interface Rehearsal {
  readonly machineId: string;
  readonly orderId: string | null;
  /** Null until it is made, and where there is none. */
  readonly plan: PlanView | null;
  /** What is typed to have it done; null where there is no plan. */
  readonly apply: string | null;
  /** Why there is no plan, in a sentence. */
  readonly why: string | null;
}

/** Waits until each order's plan is made or it has ended without, for so many seconds at most; null: as long as it takes. */
export async function awaitPlans(
  context: Context,
  command: Command,
  requests: readonly { readonly machineId: string; readonly orderId: string | null; readonly refused: string | null }[],
  seconds: Seconds | null,
): Promise<Rehearsal[]> {
  const ids = requests.flatMap(({ orderId }) => orderId ?? []);
  const found = ids.length === 0 ? new Map<string, OrderDetail>() : await awaitOrders(context, ids, seconds);
  return requests.map(({ machineId, orderId, refused }): Rehearsal => {
    const detail = orderId === null ? undefined : found.get(orderId);
    const plan = detail?.order.state === 'done' ? detail.plan : null;
    if (plan !== null) return { machineId, orderId, plan, apply: applying(command, machineId, plan.hash), why: null };
    const over = detail !== undefined && isOrderOver(detail);
    const why = refused ?? (over ? (detail.order.outcome ?? 'it ended without a plan') : null);
    return {
      machineId,
      orderId,
      plan: null,
      apply: null,
      why: why ?? `not planned yet: farrier order show ${orderId}`,
    };
  });
}

/** Shows the plans; a machine without one makes the command end with 1. */
export function showRehearsals({ screen }: Context, rehearsals: readonly Rehearsal[]): void {
  for (const [index, { machineId, plan, apply, why }] of rehearsals.entries()) {
    if (index > 0) screen.line('');
    if (plan === null) {
      screen.line(`${machineId}: ${cleanCell(why)}`);
      continue;
    }
    screen.line(`${machineId}: nothing was done. It would`);
    screen.table(planColumns, plan.lines, 'do nothing.');
    screen.line(`Plan ${plan.hash}, applied by`);
    screen.line(`  ${apply}`);
  }
  if (rehearsals.some(({ plan }) => plan === null)) process.exitCode = exits.failed;
}

export const planColumns = [
  { title: 'step', cell: ({ step }: PlanView['lines'][number]) => step },
  { title: 'would', cell: ({ does }: PlanView['lines'][number]) => does, flexible: true },
  {
    title: 'command',
    cell: ({ command }: PlanView['lines'][number]) => (command === undefined ? null : JSON.stringify(command)),
    flexible: true,
  },
];

/** Options that are the rehearsal's own, or that the machine and the plan take the place of. */
const dropped: ReadonlySet<string> = new Set(['dryRun', 'wait', 'id', 'selector', 'count', 'plan', 'json']);

/** The command as it was given, of this machine and by this plan; what was relative to now is so no longer. */
function applying(command: Command, machineId: string, hash: string): string {
  const words: string[] = [machineId];
  // `order place` has its passage before the machine.
  if (command.registeredArguments.length > 1) words.unshift(String(command.args[0]));
  for (const option of command.options) {
    const name = option.attributeName();
    if (dropped.has(name) || command.getOptionValueSource(name) !== 'cli') continue;
    const value: unknown = command.getOptionValue(name);
    const flag = option.long ?? option.short ?? '';
    if (option.negate || option.isBoolean()) {
      if (option.negate ? value === false : value === true) words.push(flag);
    } else for (const one of [value].flat()) words.push(flag, String(one));
  }
  const root = rootOf(command);
  if (root !== command && root.getOptionValueSource('api') === 'cli')
    words.push('--api', String(root.getOptionValue('api')));
  return ['farrier', ...nameOf(command), ...[...words, '--plan', hash].map(quoted)].join(' ');
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

function nameOf(command: Command): string[] {
  const { parent } = command;
  return parent === null ? [] : [...nameOf(parent), command.name()];
}

/** As a POSIX shell reads it again. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
