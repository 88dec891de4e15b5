/** The people's HTTP API as the console asks it: on the origin that the console came from, and nowhere else. */
import type {
  HumanStepView,
  MachineSummary,
  MachineView,
  OrderView,
  Problem,
  RackView,
  TimelineEntry,
} from '../contract/api.ts';
import type { ApprovalAsked, ApprovalDetail, ApprovalDone, ApprovalView } from '../contract/approvals.ts';
import type { BeltView } from '../contract/beltschemas.ts';
import type { SessionView } from '../contract/session.ts';

/** Why a request came to nothing, as the API says it or, where it says nothing, in our words. */
export class AskingFailed extends Error {
  override readonly name = 'AskingFailed';
  /** 0 where there was no answer. */
  readonly status: number;
  readonly problem: Partial<Problem>;
  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? 'the API gave no answer that can be read');
    this.status = status;
    this.problem = problem;
  }
}

/** What was asked is kept until a second person has approved of it: nothing of it is done yet. */
export class ApprovalNeeded extends Error {
  override readonly name = 'ApprovalNeeded';
  readonly asked: ApprovalAsked;
  constructor(asked: ApprovalAsked) {
    super(`it waits for a second person: ${asked.what}`);
    this.asked = asked;
  }
}

/** What was refused for what it is will be refused again. */
export function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof AskingFailed) || error.status === 0 || error.status >= 500 || error.status === 429;
}

const timeoutMs = 30_000;

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

async function ask<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
  const answer = await fetch(`/api/v1${path}`, { ...init, method, signal }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    const detail = limit.aborted ? `the API gave no answer within ${timeoutMs / 1000} s` : 'the API cannot be reached';
    throw new AskingFailed(0, { detail, code: 'unreachable' });
  });
  const body: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new AskingFailed(answer.status, body as Partial<Problem>);
  const { approval } = body as { readonly approval?: ApprovalAsked };
  if (answer.status === 202 && approval) throw new ApprovalNeeded(approval);
  return body as T;
}

/** What is below the API's prefix at a path. */
export function fetchFrom<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') given.set(name, String(value));
  const search = given.toString();
  return ask('GET', search === '' ? path : `${path}?${search}`, signal ? { signal } : {});
}

/** Asks for something to be done. Throws ApprovalNeeded where it takes a second person. */
export function sendTo<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<T> {
  if (body === undefined) return ask(method, path);
  return ask(method, path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** A name as part of a path. */
export const pathPart = (name: string) => encodeURIComponent(name);

export interface MachineSlice {
  readonly machines: readonly MachineSummary[];
  readonly next: string | null;
  /** How many there are on all pages. */
  readonly total: number;
}

export const readSession = (signal: AbortSignal) => fetchFrom<SessionView>('/session', {}, signal);

export const readMachines = (
  query: { selector: string; after: string | null; limit: number },
  signal: AbortSignal,
): Promise<MachineSlice> => fetchFrom('/machines', query, signal);

export const readMachineView = (name: string, signal: AbortSignal) =>
  fetchFrom<MachineView>(`/machines/${pathPart(name)}`, {}, signal);

export const readLife = async (name: string, limit: number, signal: AbortSignal) =>
  (await fetchFrom<{ entries: TimelineEntry[] }>(`/machines/${pathPart(name)}/timeline`, { limit }, signal)).entries;

export const readOrdersOf = async (machine: string, signal: AbortSignal) =>
  (await fetchFrom<{ orders: OrderView[] }>('/orders', { machine, limit: 50 }, signal)).orders;

export const readQuestions = async (signal: AbortSignal) =>
  (await fetchFrom<{ steps: HumanStepView[] }>('/steps', { open: true, limit: 1000 }, signal)).steps;

export const answerQuestion = (id: string, answer: { answer: string; note?: string; data?: object }) =>
  sendTo<{ accepted: true }>('POST', `/steps/${pathPart(id)}/answer`, answer);

export const readApprovals = async (signal: AbortSignal) =>
  (await fetchFrom<{ approvals: ApprovalView[] }>('/approvals', { state: 'waiting', limit: 200 }, signal)).approvals;

export const readApproval = (id: string, signal: AbortSignal) =>
  fetchFrom<ApprovalDetail>(`/approvals/${pathPart(id)}`, {}, signal);

export const approve = (id: string, plan: string) =>
  sendTo<ApprovalDone>('POST', `/approvals/${pathPart(id)}/approve`, { plan });

export const refuseApproval = (id: string, reason: string) =>
  sendTo<{ accepted: true }>('POST', `/approvals/${pathPart(id)}/refuse`, { reason });

export const readBelt = (signal: AbortSignal) => fetchFrom<BeltView>('/belt', {}, signal);

export const readRacks = async (signal: AbortSignal) =>
  (await fetchFrom<{ racks: RackView[] }>('/racks', {}, signal)).racks;
