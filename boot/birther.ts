import type { Logger } from 'pino';
import { issueBootToken, readBootFacts, readNamesake } from '../mdb/boot/boot.ts';
import type { Mdb, Pool } from '../mdb/connect.ts';
import { lendTemporaryAddress } from '../mdb/identity/unknown.ts';
import {
  type AnswerName,
  type BootTroubleFound,
  type Decision,
  decide,
  decisionVersion,
  type Knowledge,
  waiting,
} from './decide.ts';
import { type Breaker, createBreaker, createLane, Outage } from './guards.ts';
import { createRegistrar, type Registrar } from './register.ts';
import { type Bootstrap, renderBootstrap, renderLocal, renderWait, type Surroundings } from './render.ts';
import { type BootRequest, identityMismatch } from './request.ts';
import type { Snapshot } from './snapshot.ts';
import { createTroubleRecorder, type TroubleRecorder } from './trouble.ts';

export interface BirtherParts {
  readonly pool: Pool;
  readonly mdb: Mdb;
  readonly siteId: string;
  readonly surroundings: Surroundings;
  readonly snapshot: Snapshot;
  readonly log: Logger;
  /** Milliseconds that one statement may take before the MDB counts as away; 2,000 by default. */
  readonly timeoutMs?: number;
}

export interface BootAnswer {
  readonly script: string;
  readonly answer: AnswerName;
  /** Boot state at the request, `unknown` or `outage`. */
  readonly state: string;
  /** Under which MAC it is counted in the MDB: an unknown machine that gets no row there is not named. */
  readonly countAs: string;
}

export interface Birther {
  /** Always answers. `source`: the address that the request came from, null when it is not worth using. */
  answer(request: BootRequest, source: string | null): Promise<BootAnswer>;
  /** The answer that costs nothing, for a source that asks too much. */
  busy(): string;
  readonly outage: boolean;
}

interface Tools extends BirtherParts {
  /** One statement of the hot path. */
  readonly ask: Breaker['run'];
  /** A transaction. */
  readonly write: Breaker['run'];
  readonly registrar: Registrar;
  readonly teller: TroubleRecorder;
}

type Bootstrapping = Decision & { do: 'bootstrap' };
/** A decision that is its own answer. */
type Plain = Decision & { do: 'wait' | 'local' };

/** Facts change between reading and acting under concurrency; then it is decided again, at most so often. */
const attempts = 4;
/** Requests that stand in line for the MDB at most; further ones are answered as in an outage. */
const queued = 5000;

/** The birther: reads, decides, does what the decision says, and renders it. */
export function createBirther(parts: BirtherParts): Birther {
  const breaker = createBreaker(parts.timeoutMs ?? 2000, Date.now, (open, error) => {
    if (open)
      parts.log.error({ error: reasonOf(error) }, 'the MDB is away: healthy machines boot locally, others wait');
    else parts.log.info('the MDB is back');
  });
  // Fewer than the pool's ten connections together: the breaker's limit is for the MDB, not for standing in line, and
  // a hall of unknown machines must not keep the healthy from their answer.
  const [reads, writes] = [createLane(6, queued), createLane(3, queued)];
  const ask: Breaker['run'] = (work) => reads(() => breaker.run(work));
  const write: Breaker['run'] = (work) => writes(() => breaker.run(work));
  const registrar = createRegistrar(parts.mdb, parts.siteId, write);
  const recorder = createTroubleRecorder(parts.mdb, parts.siteId, write, parts.log);
  const tools: Tools = { ...parts, ask, write, registrar, teller: recorder };
  return {
    async answer(request, source) {
      try {
        return await settle(tools, request, source);
      } catch (error) {
        if (!(error instanceof Outage)) parts.log.error({ mac: request.mac, error: reasonOf(error) }, 'could not act');
        return fallback(tools, request);
      }
    },
    busy: () => renderWait(parts.surroundings, waiting('busy', 'busy', Math.random()).seconds, 'too many requests'),
    get outage() {
      return breaker.open;
    },
  };
}

async function settle(tools: Tools, request: BootRequest, source: string | null): Promise<BootAnswer> {
  const { mac } = request;
  if (mac === null) return fallback(tools, request);
  let state: string | null = null;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const knowledge = await know(tools, request, mac);
    state ??= stateOf(knowledge);
    const { decision, trouble } = decide(request, knowledge, Math.random());
    if (trouble) await recordTrouble(tools, trouble, request, mac);
    const settled = await act(tools, decision, request, mac, source);
    if (settled) return named(tools, settled, request, state);
  }
  const decision = waiting('busy', 'the machine is changing', Math.random());
  return named(tools, { decision }, request, state ?? 'unknown');
}

async function know(tools: Tools, request: BootRequest, mac: string): Promise<Knowledge> {
  const { ask, pool, siteId, snapshot, registrar } = tools;
  const { uuid, serial } = request;
  try {
    const key = { mac, uuid, serial };
    const { policy, machine, namesake } = await ask(() => readBootFacts(pool, siteId, key));
    const admitted = registrar.admits(mac, policy);
    snapshot.learn(mac, machine?.bootState === 'healthy' && machine.matchedBy === 'mac');
    if (!machine) return { known: 'nothing', policy, admitted };
    const elsewhere = machine.matchedBy === 'mac' && namesake !== null && namesake !== machine.id;
    // Its card was moved into another machine that is known by both of what it shows.
    const other =
      elsewhere && identityMismatch(request, machine) ? await ask(() => readNamesake(pool, siteId, key)) : null;
    return other
      ? { known: 'machine', policy, machine: other, cardOf: machine.id }
      : { known: 'machine', policy, machine, admitted };
  } catch (error) {
    if (error instanceof Outage) return { known: 'outage', healthy: snapshot.isHealthy(mac) };
    throw error;
  }
}

/** The machine resembled is told nothing is wrong with it: who asks is written down, and asked about. */
async function recordTrouble(
  tools: Tools,
  trouble: BootTroubleFound,
  request: BootRequest,
  mac: string,
): Promise<void> {
  const { registrar, teller: recorder } = tools;
  if (trouble.kind !== 'mismatch') return recorder.trouble(trouble, mac);
  await recorder.newcomer(mac, trouble, () =>
    registrar.ask(request, mac, { resembles: trouble.machine.id, reason: trouble.reason }),
  );
}

type Settled = { decision: Bootstrapping; bootstrap: Bootstrap } | { decision: Plain };

/** Does what was decided; null when the facts have changed and it is to be decided again. */
async function act(
  tools: Tools,
  decision: Decision,
  request: BootRequest,
  mac: string,
  source: string | null,
): Promise<Settled | null> {
  if (decision.do === 'bootstrap') return serve(tools, decision, request, mac, source);
  if (decision.do !== 'register') return { decision };
  const registered = await tools.registrar.register(request, mac, source, decision.from);
  return registered === 'full' ? poolFull(tools, mac) : null;
}

async function serve(
  tools: Tools,
  decision: Bootstrapping,
  request: BootRequest,
  mac: string,
  source: string | null,
): Promise<Settled | null> {
  const { ask, write, mdb, pool, siteId } = tools;
  const { machine, limit, addressKind } = decision;
  const lend = () => lendTemporaryAddress(mdb, siteId, machine.id, source);
  const address = decision.address ?? (addressKind === 'temporary' ? await write(lend) : null);
  if (address === null && addressKind === 'temporary') return poolFull(tools, mac);
  const served = { machineId: machine.id, bootState: machine.bootState, orderId: machine.orderId, limit };
  const token = await ask(() => issueBootToken(pool, served));
  if (token === null) return null;
  const time = Math.floor(Date.now() / 1000);
  return { decision, bootstrap: { mac, token, time, fast: decision.answer === 'fast', address, arch: request.arch } };
}

async function poolFull(tools: Tools, mac: string): Promise<Settled> {
  await tools.teller.poolFull(mac);
  return { decision: waiting('full', 'no temporary address is free', Math.random()) };
}

/** What is safe without the MDB. */
function fallback(tools: Tools, request: BootRequest): BootAnswer {
  const healthy = request.mac !== null && tools.snapshot.isHealthy(request.mac);
  const { decision } = decide(request, { known: 'outage', healthy }, Math.random());
  if (decision.do !== 'wait' && decision.do !== 'local') throw new Error(`${decision.do} needs the MDB`);
  return named(tools, { decision }, request, request.mac === null ? 'unknown' : 'outage');
}

function named(tools: Tools, settled: Settled, request: BootRequest, state: string): BootAnswer {
  const { answer } = settled.decision;
  const rowless = state === 'unknown' && answer === 'wait';
  const countAs = request.mac === null ? 'invalid' : rowless ? 'unknown-machine' : request.mac;
  tools.log.debug({ mac: request.mac, state, answer, version: decisionVersion }, 'answered');
  return { script: render(tools.surroundings, settled, request), answer, state, countAs };
}

function render(surroundings: Surroundings, settled: Settled, request: BootRequest): string {
  if ('bootstrap' in settled) return renderBootstrap(surroundings, settled.bootstrap);
  const { decision } = settled;
  if (decision.do === 'local') return renderLocal(surroundings, request.platform, request.arch);
  return renderWait(surroundings, decision.seconds, decision.reason);
}

function stateOf(knowledge: Knowledge): string {
  if (knowledge.known === 'machine') return knowledge.machine.bootState;
  return knowledge.known === 'nothing' ? 'unknown' : 'outage';
}

/** The innermost reason: the query layer wraps what PostgreSQL said. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause ? reasonOf(error.cause) : String(error);
}
