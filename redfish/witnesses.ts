import { number, object } from './read/values.ts';
import type { Json } from './transport.ts';

/** What vendors show of starts besides Redfish's own properties, found by the names and not by the vendor. */
export interface Witnesses {
  /** `PostState` as HPE words it; null where there is none. */
  readonly postState: string | null;
  /** Counts of starts, resets or power cycles, by their names. */
  readonly counts: Readonly<Record<string, number>>;
  /** Clocks of how long the host has been on, by their names: they begin anew. */
  readonly onFor: Readonly<Record<string, number>>;
}

/** Of the host: a controller's own starts are counted under its own name. */
const whose = '(total|system|host|server|os)*';
const starts = '(cold|warm|re)?(boot|start|reset|powercycle|poweron|powerup)s?';
const countOfStarts = new RegExp(`^${whose}(numberof${starts}|${starts}(count(er)?|cycles)|powercycles|reboots)$`, 'i');
const clockOfBeingOn = /^(current)?(host|system|os)?(poweron|up)time(in)?(seconds|minutes)?$/i;

/** Vendors nest what is their own two or three levels deep; a tree without end is none of theirs. */
const deepest = 5;

/** The witnesses that a system's resource shows, in itself and in what is the vendor's. */
export function witnessesOf(system: Json): Witnesses {
  let postState: string | null = null;
  const counts: Record<string, number> = {};
  const onFor: Record<string, number> = {};
  const look = (part: Json, depth: number) => {
    for (const [name, value] of Object.entries(part)) {
      const plain = name.replace(/[^a-z]/gi, '');
      const amount = number(value);
      if (plain.toLowerCase() === 'poststate' && typeof value === 'string') postState ??= value;
      if (amount !== null && countOfStarts.test(plain)) counts[name] ??= amount;
      if (amount !== null && clockOfBeingOn.test(plain)) onFor[name] ??= amount;
      if (depth > 0) look(object(value), depth - 1);
    }
  };
  look(Object.fromEntries(Object.entries(system).filter(([name]) => name !== 'Oem')), 0);
  look(object(system.Oem), deepest);
  return { postState, counts, onFor };
}
