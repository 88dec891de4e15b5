import { networkInterfaces } from 'node:os';
import { eq } from 'drizzle-orm';
import { contains, parseAddress, parseCidr } from '../../domain/address.ts';
import type { Supervisor } from '../../host/supervise.ts';
import { Trouble } from '../../host/trouble.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { networks } from '../../mdb/schema.ts';
import type { Setting } from './programs.ts';
import { servingPrograms, startServing } from './rig.ts';

export interface UpWire {
  readonly setting: Setting;
  readonly supervisor: Supervisor;
  readonly mdb: Mdb;
  /** Name of the network interface. */
  readonly on: string;
}

/** The IPv4 addresses of an interface; throws Trouble where it has none. */
export function addressesOf(on: string, all = networkInterfaces()): string[] {
  const found = (all[on] ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  if (found.length > 0) return found;
  const names = Object.keys(all).filter((name) => all[name]?.some(({ internal }) => !internal));
  const why =
    all[on] === undefined
      ? `there is none with an address (those with one: ${names.join(', ') || 'none'})`
      : 'it has no IPv4 address';
  throw new Trouble(
    `--interface ${on}: ${why}; give it one of the birth network, e.g. ip address add 10.77.0.1/16 dev ${on}`,
  );
}

/** Serves machines that boot at one interface: birther, agent API and DHCP at its address in a birth network. */
export async function serveWire({ setting, supervisor, mdb, on }: UpWire): Promise<void> {
  const host = await addressOfBirth(mdb, on, addressesOf(on));
  const { ports, mdbUrl } = setting;
  await startServing(supervisor, servingPrograms({ setting, prefix: 'wire', mdbUrl, host, ports, on }));
}

async function addressOfBirth(mdb: Mdb, on: string, addresses: readonly string[]): Promise<string> {
  const births = await mdb.select({ cidr: networks.cidr }).from(networks).where(eq(networks.kind, 'birth'));
  const host = addresses.find((address) => births.some(({ cidr }) => isWithin(cidr, address)));
  if (host !== undefined) return host;
  const known = births.map(({ cidr }) => cidr).join(', ');
  throw new Trouble(
    `--interface ${on}: ${addresses.join(', ')} is in no birth network (${known}); give it an address there, or announce its network first (docs/real-hardware.md)`,
  );
}

function isWithin(cidr: string, text: string): boolean {
  const network = parseCidr(cidr);
  const address = parseAddress(text);
  return typeof network !== 'string' && address !== null && contains(network, address);
}
