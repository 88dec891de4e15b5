import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Reads a list of addresses and networks in CIDR notation; throws naming the one that is neither. */
export function readProxies(list: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const entry of list) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const bits = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix);
    try {
      if (isIP(address) === 0) throw new RangeError('not an address');
      proxies.addSubnet(address, bits, family);
    } catch {
      throw new Error(`${JSON.stringify(entry)} is neither an address nor a network like 10.0.0.0/24`);
    }
  }
  return proxies;
}

/**
 * The address that a request came from. `X-Forwarded-For` counts only as far as configured proxies vouch for it: read
 * from the right, the first address that is not one of them. Anybody else's header is not looked at.
 */
export function sourceOf(request: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: BlockList): string {
  const hops = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  let source = plainAddress(request.socket.remoteAddress ?? '');
  while (isTrusted(source, proxies)) {
    const next = plainAddress(hops.pop()?.trim() ?? '');
    if (isIP(next) === 0) break;
    source = next;
  }
  return source;
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

function isTrusted(address: string, proxies: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
