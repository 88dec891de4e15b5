import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Trouble } from './trouble.ts';

// Below what Linux (32768) and macOS (49152) give to outgoing connections: a port from there may be taken by any
// connection between being found and being listened on.
const lowest = 20_000;
const highest = 31_999;
const tries = 50;

/**
 * Returns `wanted` when it can be listened on at `host`, or a free port when `wanted` is 0.
 * Throws Trouble naming `what` and the option to change when the port is taken or not allowed.
 */
export async function findPort(what: string, wanted: number, host = '127.0.0.1'): Promise<number> {
  if (wanted !== 0) return probe(what, wanted, host);
  for (let tried = 0; tried < tries; tried += 1) {
    const port = await probe(what, randomInt(lowest, highest + 1), host).catch(() => null);
    if (port !== null) return port;
  }
  return probe(what, 0, host);
}

function probe(what: string, wanted: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer();
    listener.once('error', (error: NodeJS.ErrnoException) => reject(portTrouble(what, host, wanted, error)));
    listener.listen({ host, port: wanted, exclusive: true }, () => {
      const address = listener.address();
      const port = typeof address === 'object' && address ? address.port : wanted;
      listener.close(() => resolve(port));
    });
  });
}

function portTrouble(what: string, host: string, port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE')
    return new Trouble(`port ${port} for ${what} is taken by another program; give another port`);
  if (error.code === 'EACCES')
    return new Trouble(`port ${port} for ${what} is not allowed to this user; give one above 1023`);
  if (error.code === 'EADDRNOTAVAIL')
    return new Trouble(`${host}, where ${what} is to listen, is not an address of this machine`);
  return error;
}
