import { Pool } from 'undici';
import { type AgentRecord, formatRecords, parseRecords, RecordError } from '../contract/records.ts';

export interface WireOptions {
  /** Origin of the birther. Every URL of a boot script is fetched from it, whatever host the script names. */
  readonly bootUrl: string;
  /** Origin of the agent API; what the boot script says unless given. */
  readonly agentUrl?: string;
  /** CA that the simulated bootstrap image pins, PEM. */
  readonly ca: string;
  /** Connections at most for short requests, each to birther and agent API. */
  readonly connections?: number;
  /** Connections at most for agents that wait for a directive. */
  readonly waiting?: number;
}

export interface WireResponse {
  readonly status: number;
  readonly records: readonly AgentRecord[];
}

export interface AgentRequest {
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token: string;
  readonly records?: readonly AgentRecord[];
}

export interface FileFacts {
  readonly bytes: number;
  readonly etag: string | null;
}

// The longest script iPXE would be sent, and the longest answer of the agent API.
const maxBytes = 64 * 1024;

/** The cables of the fleet: a bounded number of kept-alive connections that all machines share. */
export class FleetWire {
  readonly #options: WireOptions;
  readonly #boot: Pool;
  readonly #agents = new Map<string, { calls: Pool; polls: Pool }>();
  #waiting = 0;

  constructor(options: WireOptions) {
    this.#options = options;
    this.#boot = new Pool(options.bootUrl, { connections: options.connections ?? 64 });
  }

  #agent(origin: string): { calls: Pool; polls: Pool } {
    const pools = this.#agents.get(origin);
    if (pools) return pools;
    const { ca, connections = 64, waiting = 2048 } = this.#options;
    // The agent API's name is the same at every site and address: docs/agent.md.
    const connect = { ca, servername: 'agent.farrier.internal' };
    const made = {
      calls: new Pool(origin, { connect, connections }),
      polls: new Pool(origin, { connect, connections: waiting }),
    };
    this.#agents.set(origin, made);
    return made;
  }

  /** GET of a small text, e.g. a boot script; null for any answer but 200. */
  async script(path: string, signal: AbortSignal): Promise<string | null> {
    const { statusCode, body } = await this.#boot.request({
      method: 'GET',
      path,
      signal,
      headers: { 'user-agent': 'iPXE/1.21.1' },
    });
    const text = await body.text();
    return statusCode === 200 && text.length <= maxBytes ? text : null;
  }

  /** Looks at a file as a loader would, but fetches its first bytes only; null when it is not there. */
  async file(path: string, signal: AbortSignal): Promise<FileFacts | null> {
    const head = await this.#boot.request({ method: 'HEAD', path, signal });
    await head.body.dump();
    if (head.statusCode !== 200) return null;
    const range = await this.#boot.request({ method: 'GET', path, signal, headers: { range: 'bytes=0-63' } });
    // A server without ranges sends all of it; whoever has thousands of machines does not want that.
    await range.body.dump({ limit: 64 * 1024 });
    if (range.statusCode !== 206 && range.statusCode !== 200) return null;
    const etag = head.headers.etag;
    return {
      bytes: Number(head.headers['content-length'] ?? 0),
      etag: typeof etag === 'string' ? etag.replace(/^W\/|"/g, '') : null,
    };
  }

  async call(request: AgentRequest, signal: AbortSignal): Promise<WireResponse> {
    return this.#send(this.#agent(this.origin(request.origin)).calls, request, signal);
  }

  /** Waits for a directive behind `seq`, for as long as the shared connections allow. */
  async poll(request: Pick<AgentRequest, 'origin' | 'token'>, seq: number, signal: AbortSignal): Promise<WireResponse> {
    this.#waiting += 1;
    try {
      // More agents than connections: each waits a shorter time, so that all of them get their turn.
      const share = (this.#options.waiting ?? 2048) / this.#waiting;
      const wait = Math.max(1, Math.floor(25 * Math.min(1, share)));
      const path = `/agent/next?seq=${seq}&wait=${wait}`;
      return await this.#send(
        this.#agent(this.origin(request.origin)).polls,
        { ...request, method: 'GET', path },
        signal,
      );
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Where the agent API really is, when a script's address is one that only real machines reach. */
  origin(given: string): string {
    return this.#options.agentUrl ?? given;
  }

  async #send(pool: Pool, { method, path, token, records }: AgentRequest, signal: AbortSignal): Promise<WireResponse> {
    const body = records ? formatRecords(records) : null;
    const headers = { authorization: `Bearer ${token}`, ...(body !== null && { 'content-type': 'text/plain' }) };
    const answer = await pool.request({
      method,
      path,
      headers,
      body,
      signal,
      headersTimeout: 40_000,
      bodyTimeout: 40_000,
    });
    return { status: answer.statusCode, records: read(await answer.body.text()) };
  }

  async close(): Promise<void> {
    const pools = [this.#boot, ...[...this.#agents.values()].flatMap(({ calls, polls }) => [calls, polls])];
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

/** An answer that is no records (a proxy's error page, say) is one with nothing in it. */
function read(text: string): AgentRecord[] {
  try {
    return parseRecords(text);
  } catch (error) {
    if (error instanceof RecordError) return [];
    throw error;
  }
}
