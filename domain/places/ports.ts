import { normaliseMac } from '../machine.ts';

/**
 * The name of a port or a switch as two of them are compared: a MAC in one notation, anything else without case and outer
 * blanks.
 */
export function portKey(name: string): string {
  return normaliseMac(name) ?? name.trim().toLowerCase();
}

/** A chassis id as LLDP tells it: a MAC in the MDB's form, anything else as it is. */
export function normaliseChassis(chassis: string): string {
  return normaliseMac(chassis) ?? chassis.trim();
}
