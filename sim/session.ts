import type { AgentRecord } from '../contract/records.ts';
import type { WireResponse } from './wire.ts';
import { type Body, pass } from './world.ts';

/** The session is gone: the agent's way out is a reboot, which brings a new token. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
}

export interface SimSession {
  readonly origin: string;
  readonly token: string;
}

/** Redeems the boot token for a session; null when it is refused. */
export async function openSession(
  body: Body,
  origin: string,
  bootToken: string,
  signal: AbortSignal,
): Promise<SimSession | null> {
  const records = [
    { kind: 'agent', fields: { version: '1', firmware: body.hardware.model.firmware, boot: body.bootId } },
  ];
  const answer = await insist(signal, () =>
    body.world.wire.call({ origin, method: 'POST', path: '/agent/hello', token: bootToken, records }, signal),
  );
  const token = answer.records.find(({ kind }) => kind === 'session')?.fields.token;
  if (answer.status !== 200 || !token) {
    body.note('agent-refused', { request: 'hello', status: answer.status, reason: refusalOf(answer) });
    return null;
  }
  body.note('agent-session');
  return { origin, token };
}

/** One request of the session. Throws SessionLost for 401; other refusals are noted and returned. */
export async function askApi(
  body: Body,
  session: SimSession,
  path: string,
  signal: AbortSignal,
  records?: readonly AgentRecord[],
): Promise<WireResponse> {
  const method = records ? 'POST' : 'GET';
  const answer = await insist(signal, () =>
    body.world.wire.call({ ...session, method, path, ...(records && { records }) }, signal),
  );
  return check(body, path, answer);
}

/** Waits for a directive behind `seq`; what belongs to it follows as records of its own. */
export async function askNext(
  body: Body,
  session: SimSession,
  seq: number,
  signal: AbortSignal,
): Promise<readonly AgentRecord[]> {
  const answer = check(body, 'next', await insist(signal, () => body.world.wire.poll(session, seq, signal)));
  return answer.records;
}

function check(body: Body, path: string, answer: WireResponse): WireResponse {
  if (answer.status === 401) throw new SessionLost(`${path}: ${refusalOf(answer)}`);
  if (answer.status >= 400)
    body.note('agent-refused', { request: path, status: answer.status, reason: refusalOf(answer) });
  return answer;
}

export function refusalOf(answer: WireResponse): string {
  return answer.records.find(({ kind }) => kind === 'error')?.fields.reason ?? '';
}

const maxPauseSeconds = 10;

/** Repeats a request that got no answer, or one that says *later*, with growing pauses, for as long as it takes. */
export async function insist(signal: AbortSignal, request: () => Promise<WireResponse>): Promise<WireResponse> {
  for (let pauseSeconds = 0.5; ; pauseSeconds = Math.min(pauseSeconds * 2, maxPauseSeconds)) {
    try {
      const answer = await request();
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
    // Real time, whatever the speed: it is the server that needs it.
    await pass({ speed: 1 }, pauseSeconds * (0.5 + Math.random()), signal);
  }
}

export function isNetworkError(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return code.startsWith('UND_ERR') || /^E[A-Z_]+$/.test(code);
}

export async function reportStep(
  body: Body,
  session: SimSession,
  signal: AbortSignal,
  name: string,
  state: 'running' | 'done' | 'failed',
  seconds: number,
  failure: { readonly device?: string; readonly message?: string } = {},
): Promise<void> {
  const fields = { name, state, seconds: String(Math.round(seconds * 10) / 10), ...failure };
  await askApi(body, session, '/agent/step', signal, [{ kind: 'step', fields }]);
}
