import { createConnection, createServer, type Socket } from 'node:net';

/** A way to the database that can be cut without either end being told, as when a network loses a machine. */
export async function openLine(target: URL) {
  const sockets = new Set<Socket>();
  let frozen = false;
  let sent = 0;
  const carry = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => void (frozen || to.write(bytes)));
    from.on('error', () => to.destroy());
    from.on('close', () => void (frozen || to.destroy()));
  };
  const server = createServer((near) => {
    const far = createConnection(Number(target.port), target.hostname);
    near.on('data', () => {
      sent += 1;
    });
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(target);
  url.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: url.href,
    /** Pieces that came from this end. */
    get sent() {
      return sent;
    },
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
