import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OutsideRequest {
  readonly method: string;
  /** Path with its query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it sent.
  readonly body: any;
}

export interface OutsideReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text. */
  readonly body?: unknown;
  /** Never answers. */
  readonly hang?: true;
}

export interface FakeServer {
  readonly origin: string;
  /** Everything that was asked, in order. */
  readonly requests: OutsideRequest[];
  /** Answers before the usual handler does, until it is taken away. */
  trouble: ((request: OutsideRequest) => OutsideReply | undefined) | null;
  close(): Promise<void>;
}

/** A real HTTP server of this test's own, on loopback. */
export async function serveFake(handle: (request: OutsideRequest) => OutsideReply): Promise<FakeServer> {
  const requests: OutsideRequest[] = [];
  const fake: Pick<FakeServer, 'trouble'> = { trouble: null };
  const server = createServer(async (request, response) => {
    const one = await read(request);
    requests.push(one);
    answer(response, fake.trouble?.(one) ?? handle(one));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

async function read(request: IncomingMessage): Promise<OutsideRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks).toString('utf8');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
  const { method = 'GET', url = '/', headers } = request;
  return { method, url, path: pathname, query: searchParams, headers, raw, body: raw === '' ? null : JSON.parse(raw) };
}

function answer(response: ServerResponse, { status = 200, headers = {}, body, hang }: OutsideReply): void {
  if (hang) return;
  const type = typeof body === 'string' ? 'text/html' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
}
