/**
 * IPv4 networks as the MDB keeps them: text in CIDR notation, computed with as numbers. Pure.
 */

export interface Subnet {
  /** First address of the network as an unsigned 32-bit number. */
  readonly base: number;
  /** Prefix length, 8 to 30. */
  readonly prefix: number;
  /** Addresses in the network, the first (its name) and the last (broadcast) included. */
  readonly size: number;
}

/** Addresses a rack takes up, whatever its height, so that an address never moves when a rack grows. */
export const addressesPerRack = 64;

/** Reads a dotted quad; null for anything else. */
export function parseAddress(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Reads `10.1.0.0/16`; returns the reason in words when it is not the name of an IPv4 network. */
export function parseCidr(text: string): Subnet | string {
  const [address = '', length = '', ...rest] = text.split('/');
  const base = parseAddress(address);
  if (base === null || rest.length > 0 || !/^\d{1,2}$/.test(length))
    return `${text} is not an IPv4 network like 10.1.0.0/16`;
  const prefix = Number(length);
  if (prefix < 8 || prefix > 30) return `${text}: the prefix length must be between 8 and 30`;
  const size = 2 ** (32 - prefix);
  if (base % size !== 0)
    return `${text} has bits set behind its prefix: did you mean ${formatAddress(base - (base % size))}/${prefix}?`;
  return { base, prefix, size };
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}

export function contains(network: Subnet, address: number): boolean {
  return address >= network.base && address < network.base + network.size;
}

export type PlacedAddress =
  | { readonly ok: true; readonly address: string; readonly prefix: number }
  | { readonly ok: false; readonly reason: string };

/**
 * The permanent address of a position: 64 addresses a rack, the unit's number counted from the rack's first. The
 * network's first 64 addresses stay free for gateways and services. `rackOrdinal` counts from 0, `unit` from 1.
 */
export function addressAt(cidr: string, rackOrdinal: number, unit: number): PlacedAddress {
  const network = parseCidr(cidr);
  if (typeof network === 'string') return { ok: false, reason: network };
  if (!Number.isInteger(rackOrdinal) || rackOrdinal < 0)
    return {
      ok: false,
      reason: `rack number ${rackOrdinal} is not a whole number from 0`,
    };
  if (!Number.isInteger(unit) || unit < 1 || unit > addressesPerRack) {
    return {
      ok: false,
      reason: `unit ${unit} is not between 1 and ${addressesPerRack}`,
    };
  }
  const offset = addressesPerRack * (rackOrdinal + 1) + unit;
  if (offset >= network.size - 1) {
    return {
      ok: false,
      reason: `network ${cidr} is too small for unit ${unit} of rack number ${rackOrdinal}`,
    };
  }
  return {
    ok: true,
    address: formatAddress(network.base + offset),
    prefix: network.prefix,
  };
}
