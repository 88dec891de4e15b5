import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';

export interface Keys {
  readonly cert: string;
  readonly key: string;
}

export interface SrpcReply {
  readonly peer: PeerCertificate;
  /** Why the method may not be called; absent when it may. */
  readonly refused?: string;
  readonly reply?: unknown;
}

/**
 * One call of the Dominator's RPC, in its JSON form: CONNECT over HTTP, TLS on the same connection with both sides'
 * certificates, the method's name on a line, and an empty line back when it may be called; then the request, an empty
 * line for success, and the reply. Rejects when the connection is cut, as for a certificate that is not trusted.
 */
export async function callSrpc(port: number, keys: Keys, method: string): Promise<SrpcReply> {
  const plain = connectTcp({ host: '127.0.0.1', port });
  plain.write('CONNECT /_SRPC_/TLS/JSON HTTP/1.0\r\n\r\n');
  const greeting = await readLines(plain)(2);
  if (!greeting.startsWith('HTTP/1.0 200 ')) throw new Error(`it answers ${greeting}`);
  plain.removeAllListeners('data');
  const secure = connectTls({ socket: plain, ...keys, rejectUnauthorized: false });
  const read = readLines(secure);
  try {
    await once(secure, 'secureConnect');
    const peer = secure.getPeerCertificate();
    secure.write(`${method}\n`);
    const refused = (await read(1)).trim();
    if (refused !== '') return { peer, refused };
    secure.write('{}\n');
    const [failed = '', reply = ''] = (await read(2)).split('\n');
    if (failed !== '') throw new Error(failed);
    return { peer, reply: JSON.parse(reply) };
  } finally {
    secure.destroy();
  }
}

/** Reads so many lines; rejects when the connection ends before. */
function readLines(socket: Socket): (count: number) => Promise<string> {
  let text = '';
  let ended: Error | null = null;
  let look = () => {};
  const end = (why: Error) => {
    ended ??= why;
    look();
  };
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    look();
  });
  socket.once('error', end).once('close', () => end(new Error('the connection was cut')));
  return (count) =>
    new Promise((resolve, reject) => {
      look = () => {
        const lines = text.match(new RegExp(`^(.*\\n){${count}}`))?.[0];
        if (lines === undefined) return ended === null ? undefined : reject(ended);
        text = text.slice(lines.length);
        resolve(lines);
      };
      look();
    });
}
