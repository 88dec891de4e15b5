import { createServer } from 'node:net';
import { Trouble } from './trouble.ts';

/**
 * Returns `wanted` when it can be listened on at `host`, or a free port when `wanted` is 0.
 * Throws Trouble naming `what` and the option to change when the port is taken or not allowed.
 */
export function findPort(what: string, wanted: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(portTrouble(what, host, wanted, error)));
    probe.listen({ host, port: wanted, exclusive: true }, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : wanted;
      probe.close(() => resolve(port));
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
