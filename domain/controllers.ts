/** Where management controllers may be. */
import { contains, parseAddress, parseCidr } from './address.ts';

/**
 * Whether an origin may be contacted as a management controller: only a literal address inside the site's networks of
 * controllers. A name could come to mean another address between this check and its use.
 */
export function mayBeController(origin: string, networks: readonly string[]): boolean {
  const address = parseAddress(URL.parse(origin)?.hostname ?? '');
  if (address === null) return false;
  return networks.some((cidr) => {
    const network = parseCidr(cidr);
    return typeof network !== 'string' && contains(network, address);
  });
}

/** Why an origin can't be announced as a controller's, in a sentence; null when it can. */
export function checkController(origin: string, networks: readonly string[]): string | null {
  const url = URL.parse(origin);
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== origin)
    return `${JSON.stringify(origin.slice(0, 100))} is not an origin like https://10.0.9.12`;
  if (parseAddress(url.hostname) === null)
    return `${url.hostname} is not an IPv4 address; controllers are announced by address`;
  if (mayBeController(origin, networks)) return null;
  return `${url.hostname} is not in the site's networks of controllers (${networks.join(', ') || 'none'})`;
}
