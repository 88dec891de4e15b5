import { z } from 'zod';
import type { DrainProgress } from '../../domain/drain.ts';
import type { Connection } from '../http/connection.ts';
import { OutsideError } from '../http/errors.ts';

/** One machine in its scheduler. */
export interface DrainTask {
  /** Name that the scheduler has for the machine. */
  readonly node: string;
  readonly machineId: string;
  readonly orderId: string;
  /** Begins with our mark, so that a later `stop` gives back only what Farrier took. */
  readonly reason: string;
  /** What the MDB has of it. Without one, a node is ours by the mark alone. */
  readonly ledger?: Ledger | undefined;
}

/** That Farrier took a node out of its scheduler, and whether it has been in service again since. */
export interface TakenNode {
  readonly orderId: string;
  /** Null while it is out by us. */
  readonly endedAt: Date | null;
}

/** What Farrier did to one node, kept apart from the scheduler, whose reasons anybody may write, keep or copy. */
export interface Ledger {
  /** Null where it never took it. */
  read(): Promise<TakenNode | null>;
  /** To be written before the act: what was begun and not told is ours as well. */
  take(): Promise<void>;
  /** It is in service again, by us or by somebody else. */
  end(): Promise<void>;
}

/**
 * A scheduler, as far as emptying a machine goes. Every method may be repeated and changes nothing when what it wants
 * is so already; each but `progress` says in a sentence what it found or did. Throws OutsideError.
 */
export interface Drain {
  /** No new work comes to the machine, and what may be moved begins to leave. */
  start(task: DrainTask): Promise<string>;
  /** How far it is; asks again for what could not leave the last time. */
  progress(task: DrainTask): Promise<DrainProgress>;
  /** Gives the machine back to its scheduler, unless somebody else had taken it out. */
  stop(task: DrainTask): Promise<string>;
  /** Ends what is left, whatever is lost by it. */
  kill(task: DrainTask): Promise<string>;
}

/** What a pool says of its scheduler: all text, since it is written as `name=value`. */
export type DrainSettings = Readonly<Record<string, string>>;

export interface DrainPlace {
  readonly settings: DrainSettings;
  /** Null for a scheduler that needs none. */
  readonly connection: Connection | null;
}

/** Opens an adapter for one activity; the caller closes it. */
export type OpenDrain = (place: DrainPlace) => { readonly drain: Drain; close(): Promise<void> };

/** In front of the reasons that we leave in a scheduler. */
export const ours = 'farrier';

/** Whether a reason is of the form that we leave: `farrier <order>: …`; of that order where one is given. */
export function isOurReason(reason: string | null | undefined, orderId?: string): boolean {
  const [, order] = /^farrier (\S+): /.exec(`${reason ?? ''} `) ?? [];
  return order !== undefined && (orderId === undefined || order === orderId);
}

/** Settings of an adapter, checked; a wrong one is named. */
export function readDrainSettings<S extends z.ZodRawShape>(
  shape: S,
  settings: DrainSettings,
): z.infer<z.ZodObject<S & { node: z.ZodOptional<z.ZodString> }>> {
  const checked = z.strictObject({ ...shape, node: z.string().optional() }).safeParse(settings);
  if (checked.success) return checked.data as never;
  const [issue] = checked.error.issues;
  throw new OutsideError(
    'settings',
    `the pool's drain settings: ${issue?.path.join('.') || 'they'}: ${issue?.message}`,
  );
}

export function needConnection(place: DrainPlace): Connection {
  if (place.connection === null) throw new OutsideError('settings', "the pool's drain names no secret");
  return place.connection;
}

const nodeForm = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/**
 * The scheduler's name for a machine, by the pool's template: `{hostname}` is the whole name, `{short}` the part before
 * the first dot, `{machine}` the id. A name that could mean something else to a program or in a path is refused.
 */
export function nameNode(template: string, machine: { readonly id: string; readonly hostname: string | null }): string {
  const { id, hostname } = machine;
  if (hostname === null && /\{(hostname|short)\}/.test(template)) {
    throw new OutsideError('settings', `${id} has no hostname yet, by which its scheduler would know it`);
  }
  const words: Record<string, string> = {
    hostname: hostname ?? '',
    short: (hostname ?? '').split('.')[0] ?? '',
    machine: id,
  };
  const node = template.replace(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole);
  if (nodeForm.test(node)) return node;
  throw new OutsideError(
    'settings',
    `the pool's template ${JSON.stringify(template)} makes no name of a node: ${node}`,
  );
}

/** `one pod`, `3 pods`. */
export function count(number: number, noun: string): string {
  return number === 1 ? `one ${noun}` : `${number} ${noun}s`;
}

/** The first few of a list, and how many more there are. */
export function some(names: readonly string[], max = 3): string {
  const first = names.slice(0, max).join(', ');
  return names.length > max ? `${first} and ${names.length - max} more` : first;
}
