import { z } from 'zod';
import type { Connection } from '../http/connection.ts';
import { OutsideError } from '../http/errors.ts';

/** Where a ticket is at the other system. */
export interface OutsidePlace {
  readonly id: string;
  readonly url: string | null;
}

export interface OutsideComment {
  readonly id: string;
  readonly by: string;
  readonly text: string;
}

export interface OutsideTicket extends OutsidePlace {
  readonly open: boolean;
  /** Null while it is open, or where the system does not say. */
  readonly closedBy: string | null;
  /** The last hundred at most, oldest first. */
  readonly comments: readonly OutsideComment[];
}

export interface TicketDraft {
  /** Kept with the ticket and searched for before it is made: the same ticket is not made twice. */
  readonly marker: string;
  readonly title: string;
  readonly body: string;
}

/** A ticket system, as far as mirroring goes. Throws OutsideError; `missing` from `read` means it was deleted there. */
export interface TicketSystem {
  /** The ticket that shows the marker itself: a system that drops the condition answers with somebody else's. */
  find(marker: string): Promise<OutsidePlace | null>;
  /** Throws Unmarked where what was made does not show the marker. */
  create(draft: TicketDraft): Promise<OutsidePlace>;
  read(id: string): Promise<OutsideTicket>;
  comment(id: string, text: string): Promise<void>;
  close(id: string, why: string): Promise<void>;
  reopen(id: string): Promise<void>;
}

export type TicketSettings = Readonly<Record<string, string>>;

/** Opens an adapter for one piece of work; the caller ends it. */
export type OpenTicketSystem = (
  connection: Connection,
  settings: TicketSettings,
) => { readonly system: TicketSystem; end(): Promise<void> };

/** Settings of a route, checked; a wrong one is named. */
export function readTicketSettings<S extends z.ZodRawShape>(
  shape: S,
  settings: TicketSettings,
): z.infer<z.ZodObject<S>> {
  const checked = z.strictObject(shape).safeParse(settings);
  if (checked.success) return checked.data as never;
  const [issue] = checked.error.issues;
  const where = issue?.path.join('.') || 'they';
  throw new OutsideError('settings', `the route's settings: ${where}: ${issue?.message}`);
}

/** What was made does not show its marker: it is ours, and could not be found again if its place were lost. */
export class Unmarked extends OutsideError {
  readonly place: OutsidePlace;
  /** `why` says what is to be mended. */
  constructor(place: OutsidePlace, why: string) {
    super('settings', `${place.id} was made, and does not show what it is found again by: ${why}`);
    this.place = place;
  }
}

/** Words of a setting, `a,b`. */
export const wordList = z
  .string()
  .regex(/^[A-Za-z0-9 _.:-]+(,[A-Za-z0-9 _.:-]+)*$/, 'is not words with commas between')
  .transform((text) => text.split(','));

/**
 * A list of which every part is read by itself: one that cannot be is null, and none of it ends the list. But what has
 * `ours` in it and cannot be read is not another's: then the whole answer is none.
 */
export function listOf<S extends z.ZodType>(shape: S, ours?: string) {
  return z.array(z.unknown()).transform((parts, context) =>
    parts.map((part): z.infer<S> | null => {
      const checked = shape.safeParse(part);
      if (checked.success) return checked.data;
      if (ours !== undefined && JSON.stringify(part).includes(ours))
        context.addIssue({ code: 'custom', message: `what shows ${ours} cannot be read` });
      return null;
    }),
  );
}

/** Labels, where there are any. */
export const labelList = <S extends z.ZodType>(label: S) =>
  z
    .array(label)
    .nullish()
    .transform((labels) => labels ?? []);
