import type { SimEffect } from '../journal.ts';
import type { LogRule } from './personality.ts';

/** How a log's entries are worded where nothing else is said. */
export const plainEntry = {
  type: 'Event',
  messageId: () => 'ResourceEvent.1.3.ResourceChanged',
} satisfies NonNullable<LogRule['entry']>;

/** Entries of a vendor's own format: by a MessageId for each effect, or none at all. */
export function ownEntry(
  format: string,
  messageId: ((effect: SimEffect) => string) | null,
): NonNullable<LogRule['entry']> {
  return { type: 'Oem', format, messageId };
}

/** System event log of IPMI: a MessageId that is nothing but the event's code. */
export function selEntry(code: (effect: SimEffect) => string): NonNullable<LogRule['entry']> {
  return { type: 'SEL', messageId: code };
}

/** MessageIds by effect, with one for all others. */
export function idsOf(ids: Partial<Record<SimEffect, string>>, other: string): (effect: SimEffect) => string {
  return (effect) => ids[effect] ?? other;
}
