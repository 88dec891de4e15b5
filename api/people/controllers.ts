import { contains, parseAddress, parseCidr } from '../../domain/address.ts';

/**
 * Why an origin must not be contacted as a management controller; null when it may. Only a literal address inside the
 * site's controller networks passes: a name could come to mean another address between this check and its use.
 */
export function checkController(origin: string, networks: readonly string[]): string | null {
  const url = URL.parse(origin);
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== origin) {
    return `${JSON.stringify(origin.slice(0, 100))} is not an origin like https://10.0.9.12`;
  }
  const address = parseAddress(url.hostname);
  if (address === null) return `${url.hostname} is not an IPv4 address; controllers are announced by address`;
  const inside = networks.some((cidr) => {
    const network = parseCidr(cidr);
    return typeof network !== 'string' && contains(network, address);
  });
  return inside
    ? null
    : `${url.hostname} is not in the site's networks of controllers (${networks.join(', ') || 'none'})`;
}
