/** What is wrong with places on their own; what can only be seen in the MDB is checked where it is written (`mdb/places/`). */

import { contains, overlaps, parseAddress, parseCidr } from '../address.ts';
import { normaliseMac } from '../machine.ts';
import { checkTags } from '../tags.ts';
import type { BmcPlace, NetworkPlace, Places, RackPlace, SitePlace, SwitchPlace } from './places.ts';
import { portKey } from './ports.ts';

const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Everything that is wrong with places on their own, a sentence each; empty when nothing is. */
export function checkPlaces(places: Places): string[] {
  const { siteId, site, networks = [], racks = [], switches = [], profiles = [], bmcs = [] } = places;
  return [
    ...checkId('site', siteId),
    ...(site ? checkSite(siteId, site) : []),
    ...checkIds('network', networks),
    ...networks.flatMap(checkNetwork),
    ...checkOverlaps(networks),
    ...checkIds('rack', racks),
    ...racks.flatMap(checkRack),
    ...repeated(racks.flatMap(({ ordinal }) => ordinal ?? [])).map((ordinal) => `two racks have number ${ordinal}`),
    ...checkIds('switch', switches),
    ...repeated(switches.map(({ chassis }) => portKey(chassis))).map(
      (chassis) => `two switches have chassis ${chassis}`,
    ),
    ...switches.flatMap((one) => checkPorts(one, racks)),
    ...checkIds('profile', profiles),
    ...bmcs.flatMap(checkBmc),
    ...repeated(bmcs.map(({ origin }) => origin)).map((origin) => `two controllers are expected at ${origin}`),
    ...repeated(bmcs.flatMap(({ mac }) => (mac && normaliseMac(mac)) || [])).map(
      (mac) => `two controllers are expected for MAC ${mac}`,
    ),
    ...repeated(bmcs.flatMap(({ serial }) => serial ?? [])).map(
      (serial) => `two controllers are expected for serial ${serial}`,
    ),
  ];
}

function repeated<T>(values: readonly T[]): T[] {
  const seen = new Set<T>();
  const twice = new Set<T>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return [...twice];
}

function checkId(what: string, id: string): string[] {
  return idForm.test(id)
    ? []
    : [`${what} ${JSON.stringify(id)}: an id is 1 to 63 letters, digits, dots, dashes or underscores`];
}

function checkIds(what: string, places: readonly { readonly id: string }[]): string[] {
  return [
    ...places.flatMap(({ id }) => checkId(what, id)),
    ...repeated(places.map(({ id }) => id)).map((id) => `${what} ${id} is given twice`),
  ];
}

function checkSite(siteId: string, { name, domain, policy }: SitePlace): string[] {
  const problems: string[] = [];
  if (name.trim() === '') problems.push(`site ${siteId} has no name`);
  if (!/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/.test(domain))
    problems.push(`site ${siteId}: ${JSON.stringify(domain)} is not a DNS domain`);
  for (const cidr of policy.bmcNetworks) {
    const network = parseCidr(cidr);
    if (typeof network === 'string') problems.push(`site ${siteId}, networks of controllers: ${network}`);
  }
  const { bmcRequests: requests } = policy;
  if (requests !== undefined && !(Number.isInteger(requests) && requests >= 1 && requests <= 4096))
    problems.push(`site ${siteId}: the cap on requests to controllers is a number from 1 to 4096`);
  if (!policy.hostname.includes('{rack}') || !policy.hostname.includes('{unit}')) {
    problems.push(`site ${siteId}: the hostname template must hold {rack} and {unit}, or two machines get one name`);
  }
  return problems;
}

// More rows than a /16 would be a mistake in the prefix far sooner than a plan.
const largestPool = 2 ** 16;

function checkNetwork({ id, cidr, gateway, vlan, dns = [], pool }: NetworkPlace): string[] {
  const network = parseCidr(cidr);
  if (typeof network === 'string') return [`network ${id}: ${network}`];
  const problems: string[] = [];
  const inside = (text: string) => {
    const address = parseAddress(text);
    return address !== null && contains(network, address);
  };
  if (gateway && !inside(gateway)) problems.push(`network ${id}: gateway ${gateway} is not in ${cidr}`);
  for (const server of dns)
    if (parseAddress(server) === null) problems.push(`network ${id}: DNS server ${server} is not an address`);
  if (vlan != null && !(Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094))
    problems.push(`network ${id}: VLAN ${vlan} is not between 1 and 4094`);
  if (pool && !(inside(pool.first) && inside(pool.last)))
    problems.push(`network ${id}: the pool ${pool.first} to ${pool.last} is not in ${cidr}`);
  else if (pool && (parseAddress(pool.first) ?? 0) > (parseAddress(pool.last) ?? 0))
    problems.push(`network ${id}: the pool ends before it begins`);
  if (!pool && network.size > largestPool)
    problems.push(`network ${id}: ${cidr} is larger than a /16; give the part of it that may be handed out`);
  return problems;
}

/** Pairs of networks that share addresses, a sentence each. */
export function checkOverlaps(networks: readonly Pick<NetworkPlace, 'id' | 'cidr'>[]): string[] {
  const parsed = networks.flatMap(({ id, cidr }) => {
    const network = parseCidr(cidr);
    return typeof network === 'string' ? [] : [{ id, cidr, network }];
  });
  return parsed.flatMap((one, index) =>
    parsed
      .slice(index + 1)
      .filter((other) => other.id !== one.id && overlaps(one.network, other.network))
      .map((other) => `networks ${one.id} (${one.cidr}) and ${other.id} (${other.cidr}) overlap`),
  );
}

function checkRack({ id, units = 48, ordinal = 0, tags = {} }: RackPlace): string[] {
  const problems = checkTags(tags).map((problem) => `rack ${id}: ${problem}`);
  if (!(Number.isInteger(units) && units >= 1 && units <= 64))
    problems.push(`rack ${id}: ${units} units is not between 1 and 64`);
  if (!(Number.isInteger(ordinal) && ordinal >= 0))
    problems.push(`rack ${id}: its number ${ordinal} is not a whole number from 0`);
  return problems;
}

function checkPorts({ id, chassis, ports }: SwitchPlace, racks: readonly RackPlace[]): string[] {
  const heights = new Map(racks.map((rack) => [rack.id, rack.units ?? 48]));
  return [
    ...(chassis.trim() === '' ? [`switch ${id} has no chassis id`] : []),
    ...repeated(ports.map(({ port }) => portKey(port))).map((port) => `switch ${id}: port ${port} is given twice`),
    ...ports.flatMap(({ port, rack, unit }) =>
      Number.isInteger(unit) && unit >= 1 && unit <= (heights.get(rack) ?? 64)
        ? []
        : [`switch ${id}: port ${port} leads to unit ${unit}, which rack ${rack} does not have`],
    ),
  ];
}

function checkBmc({ origin, mac, serial, secretRef }: BmcPlace): string[] {
  const problems: string[] = [];
  const url = URL.parse(origin);
  if (!url || !/^https?:$/.test(url.protocol) || (url.origin !== origin && `${url.origin}/` !== origin)) {
    problems.push(`controller ${JSON.stringify(origin)} is not an origin like https://10.0.9.12`);
  }
  if (mac === undefined && serial === undefined)
    problems.push(`controller ${origin} needs the MAC or the serial number of its machine`);
  if (mac !== undefined && !normaliseMac(mac))
    problems.push(`controller ${origin}: ${JSON.stringify(mac)} is not a MAC of a machine`);
  if (!idForm.test(secretRef))
    problems.push(`controller ${origin}: ${JSON.stringify(secretRef)} is not the name of a secret`);
  return problems;
}
