import { simServiceRoot } from './links.ts';
import type { Personality } from './personality.ts';
import { registry } from './reply.ts';

type Names = Personality['names'];

/** The path used inside for one that was asked for, both below `/redfish/v1`; undefined where it has another name. */
export function inward(path: string, { names, caseless }: Personality): string | undefined {
  for (const [inner, own] of names) {
    const rest = restOf(path, own, caseless);
    if (rest !== undefined) return inner + canonical(rest, caseless);
  }
  if (names.some(([inner]) => restOf(path, inner, caseless) !== undefined)) return undefined;
  return canonical(path, caseless);
}

/** The path that is shown for one used inside. */
export function outward(path: string, names: Names): string {
  for (const [inner, own] of names) {
    const rest = restOf(path, inner, false);
    if (rest !== undefined) return own + rest;
  }
  return path;
}

function restOf(path: string, start: string, caseless: boolean): string | undefined {
  const fits = caseless ? path.toLowerCase().startsWith(start.toLowerCase()) : path.startsWith(start);
  const rest = path.slice(start.length);
  return fits && (rest === '' || rest.startsWith('/')) ? rest : undefined;
}

// Segments as documents here spell them; a caseless controller is asked for `/systems/1/bios`.
const words =
  'Systems Chassis Managers EventService Subscriptions Bios Settings EthernetInterfaces Storage Drives SessionService Sessions AccountService Accounts UpdateService FirmwareInventory TaskService Tasks LogServices Entries VirtualMedia SecureBoot Processors Memory Thermal Power ThermalSubsystem PowerSubsystem Sensors Fans PowerSupplies Actions'.split(
    ' ',
  );
const spelling = new Map(words.map((word) => [word.toLowerCase(), word]));

function canonical(path: string, caseless: boolean): string {
  if (!caseless) return path;
  return path
    .split('/')
    .map((segment) => spelling.get(segment.toLowerCase()) ?? segment)
    .join('/');
}

/** The same JSON with every path as this controller shows it, without links to what it lacks. */
export function renamed(value: unknown, personality: Personality): unknown {
  if (typeof value === 'string') {
    // Messages are of the registry's version that the family has.
    if (value.startsWith(`${registry}.`)) return personality.registry + value.slice(registry.length);
    if (!value.startsWith(simServiceRoot)) return value;
    return simServiceRoot + outward(value.slice(simServiceRoot.length), personality.names);
  }
  if (Array.isArray(value))
    return value.filter((one) => !missing(one, personality)).map((one) => renamed(one, personality));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => !missing(one, personality))
      .map(([key, one]) => [key, renamed(one, personality)]),
  );
}

function missing(value: unknown, { missing }: Personality): boolean {
  const target = typeof value === 'object' && value !== null && (value as Record<string, unknown>)['@odata.id'];
  return (
    typeof target === 'string' &&
    Object.keys(value as object).length === 1 &&
    isMissing(target.slice(simServiceRoot.length), missing)
  );
}

export function isMissing(path: string, missing: readonly string[]): boolean {
  return missing.some((start) => restOf(path, start, false) !== undefined);
}
