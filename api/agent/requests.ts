import { imageSystems } from '../../boot/imagesystem/index.ts';
import type { Supplies } from '../../boot/imagesystem/system.ts';
import { type AgentRecord, parseRecordsLeniently } from '../../contract/records.ts';
import { type AgentSession, redeemBootToken } from '../../mdb/boot/agent.ts';
import { issueReadyToken, readInstalling, takeInstalled, takeReady } from '../../mdb/boot/agentinstall.ts';
import { reportFailure, takeBurnin, takeProgress, takeStep } from '../../mdb/boot/agentsteps.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { takeErased } from '../../mdb/machines/erasing.ts';
import { takeInventory } from '../../mdb/machines/inventory.ts';
import { violationOf } from '../../mdb/trouble.ts';
import { type AgentAnswer, describeDirective, ok, refusal } from './answer.ts';
import { readErased } from './erasing.ts';
import { helloFact, installedFact, progressFact, readBurnin, readOnly, readyFact, stepFact } from './facts.ts';
import { parseInventory } from './inventory.ts';
import { hashToken, mintToken } from './tokens.ts';
import type { Waiting } from './waiting.ts';

export interface AgentDependencies {
  readonly mdb: Mdb;
  readonly supplies: Supplies;
  readonly waiting: Waiting;
}

// A birth with a long burn-in lasts days; the next boot ends the session anyway.
const sessionSeconds = 8 * 86_400;
// The installed system's first boot, with a slow firmware and a person at the console, is over well before.
const readySeconds = 86_400;

type Records = readonly AgentRecord[];

export async function hello({ mdb }: AgentDependencies, token: string, records: Records): Promise<AgentAnswer> {
  const reading = readOnly(helloFact, records, 'agent');
  if (!reading.ok) return refusal(400, reading.reason);
  const { boot, firmware } = reading.fact;
  const session = mintToken();
  const redeemed = await redeemBootToken(mdb, {
    tokenHash: hashToken(token),
    sessionHash: hashToken(session),
    sessionSeconds,
    bootId: boot,
    firmware,
  });
  if (redeemed === 'spent') return refusal(409, 'this boot token has been used; boot again for another');
  if (redeemed === 'unknown') return refusal(401, 'this boot token is unknown or has expired; boot again for another');
  const { machineId, orderId } = redeemed;
  return [{ kind: 'session', fields: { token: session, machine: machineId, ...(orderId ? { order: orderId } : {}) } }];
}

/** What is wrong with an inventory is kept where a person sees it, and the machine is held. */
export async function inventory({ mdb }: AgentDependencies, session: AgentSession, body: string): Promise<AgentAnswer> {
  const { records, unreadable } = parseRecordsLeniently(body);
  const reading = parseInventory(records, unreadable);
  const reason = reading.ok ? await keepInventory(mdb, session, reading.fact) : reading.reason;
  if (reason === null) return ok;
  await reportFailure(mdb, session, 'inventory', reason);
  return refusal(400, reason);
}

type InventoryFact = Parameters<typeof takeInventory>[2];

async function keepInventory(mdb: Mdb, session: AgentSession, fact: InventoryFact): Promise<string | null> {
  try {
    return await takeInventory(mdb, session, fact);
  } catch (error) {
    // Another machine took the same MAC or controller in between: the second reading finds it and names it.
    if (violationOf(error) === null) throw error;
    return takeInventory(mdb, session, fact);
  }
}

export async function nextDirectives(
  { waiting }: AgentDependencies,
  session: AgentSession,
  request: { readonly seq: number | null; readonly seconds: number },
  gone: AbortSignal,
): Promise<AgentAnswer> {
  const directive = await waiting.next(session.machineId, request.seq, request.seconds * 1000, gone);
  if (!directive) return refusal(401, 'the machine is not in the MDB any more');
  return describeDirective(directive.seq, directive.directive);
}

export async function step({ mdb }: AgentDependencies, session: AgentSession, records: Records): Promise<AgentAnswer> {
  const reading = readOnly(stepFact, records, 'step');
  if (!reading.ok) return refusal(400, reading.reason);
  if (session.orderId === null) return refusal(409, 'nobody has ordered anything for this machine');
  await takeStep(mdb, session, reading.fact);
  return ok;
}

export async function progress(
  { mdb }: AgentDependencies,
  session: AgentSession,
  records: Records,
): Promise<AgentAnswer> {
  const reading = readOnly(progressFact, records, 'progress');
  if (!reading.ok) return refusal(400, reading.reason);
  await takeProgress(mdb, session, reading.fact.percent);
  return ok;
}

export async function burnin(
  { mdb }: AgentDependencies,
  session: AgentSession,
  records: Records,
): Promise<AgentAnswer> {
  const reading = readBurnin(records);
  if (!reading.ok) return refusal(400, reading.reason);
  const reason = await takeBurnin(mdb, session, reading.fact);
  return reason === null ? ok : refusal(409, reason);
}

/** Evidence is kept as it comes; whether it is proof is the passage's to judge. */
export async function erased(
  { mdb }: AgentDependencies,
  session: AgentSession,
  records: Records,
): Promise<AgentAnswer> {
  const reading = readErased(records);
  if (!reading.ok) return refusal(400, reading.reason);
  const reason = await takeErased(mdb, session, reading.fact);
  return reason === null ? ok : refusal(409, reason);
}

/** What the new root holds that is only this machine's. What the site lacks is reported before a token is issued. */
export async function credentials({ mdb, supplies }: AgentDependencies, session: AgentSession): Promise<AgentAnswer> {
  const installing = await readInstalling(mdb, session);
  const none = refusal(409, 'the machine is neither being installed nor handed over');
  if (!installing) return none;
  const parts = await imageSystems[installing.imageSystem].supply(installing.hostname, supplies);
  if ('missing' in parts) return refusal(409, parts.missing);
  const token = mintToken();
  const row = { hash: hashToken(token), nonce: mintToken(), seconds: readySeconds };
  if (!(await issueReadyToken(mdb, session, row))) return none;
  return [{ kind: 'ready', fields: { token } }, ...parts];
}

export async function installed(
  { mdb }: AgentDependencies,
  session: AgentSession,
  records: Records,
): Promise<AgentAnswer> {
  const reading = readOnly(installedFact, records, 'installed');
  if (!reading.ok) return refusal(400, reading.reason);
  const reason = await takeInstalled(mdb, session, reading.fact);
  return reason === null ? ok : refusal(409, reason);
}

export async function reportReady({ mdb }: AgentDependencies, token: string, records: Records): Promise<AgentAnswer> {
  const reading = readOnly(readyFact, records, 'ready');
  if (!reading.ok) return refusal(400, reading.reason);
  const taken = await takeReady(mdb, hashToken(token), reading.fact);
  return taken === 'taken' ? ok : refusal(401, 'this ready token is unknown or has expired');
}
