/** What the agent and the installed system report of the installation. */
import { and, eq, gt, sql } from 'drizzle-orm';
import type { InstalledFact, ReadyFact } from '../../domain/agent.ts';
import { differencesOf, doubtInstalled } from '../../domain/birth/installed.ts';
import type { ImageSystemName } from '../../domain/machine.ts';
import { acting, record } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { bootTokens, disks, machines } from '../schema.ts';
import {
  type AgentSession,
  agentActor,
  isRedeemable,
  lockReporter,
  type MachineRow,
  type NotAccepted,
  postReport,
  wasReported,
} from './agent.ts';

export interface ReadyTokenRow {
  readonly hash: string;
  readonly nonce: string;
  readonly seconds: number;
}

export interface Installing {
  readonly hostname: string;
  readonly imageSystem: ImageSystemName;
}

/**
 * Issues the token with which the installed system reports itself; the machine's earlier unused ones end.
 * False when the machine is not being installed or handed over.
 */
export async function issueReadyToken(mdb: Mdb, session: AgentSession, row: ReadyTokenRow): Promise<boolean> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    if (installingOf(machine) === null) return false;
    await tx
      .update(bootTokens)
      .set({ expiresAt: sql`now()` })
      .where(and(eq(bootTokens.machineId, machine.id), eq(bootTokens.use, 'ready'), isRedeemable));
    await tx.insert(bootTokens).values({
      hash: row.hash,
      machineId: machine.id,
      use: 'ready',
      nonce: row.nonce,
      orderId: session.orderId,
      expiresAt: sql`now() + ${row.seconds} * interval '1 second'`,
    });
    return true;
  });
}

/** What is being installed on the session's machine; null when nothing is. */
export async function readInstalling(mdb: Mdb, { machineId }: AgentSession): Promise<Installing | null> {
  const [machine] = await mdb
    .select({ hostname: machines.hostname, directive: machines.directive })
    .from(machines)
    .where(eq(machines.id, machineId));
  return machine ? installingOf(machine) : null;
}

function installingOf({ directive, hostname }: Pick<MachineRow, 'directive' | 'hostname'>): Installing | null {
  const installs = directive.do === 'install' || directive.do === 'handover';
  return installs && hostname !== null ? { hostname, imageSystem: directive.imageSystem } : null;
}

/** Keeps what was written to which disk; refuses when it is not what the machine was told to install. */
export async function takeInstalled(mdb: Mdb, session: AgentSession, fact: InstalledFact): Promise<NotAccepted> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    if (await wasReported(tx, session, 'installed', machine.directiveSeq)) return null;
    const differing = doubtInstalled(machine.directive, fact);
    if (differing !== null) return differing;
    await tx
      .update(machines)
      .set({ keyStore: fact.keyStore, keyFingerprint: fact.key, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    await tx
      .update(disks)
      .set({ content: 'farrier', mark: fact.mark })
      .where(and(eq(disks.machineId, machine.id), eq(disks.serial, fact.disk)));
    await postReport(tx, session, { kind: 'installed', of: String(machine.directiveSeq) });
    const { image, sha256, disk, keyStore } = fact;
    const { machineId, orderId } = session;
    await record(tx, {
      actor: agentActor,
      action: 'agent.installed',
      machineId,
      orderId,
      detail: { image, sha256, disk, keyStore },
    });
    return null;
  });
}

/**
 * Takes the report of the installed system, once a boot: a system that was restarted because its first report disagreed
 * reports anew. `unknown` is no token for this, or an expired one. What disagrees with the MDB goes into the report's
 * message: the passage decides what it means.
 */
export async function takeReady(mdb: Mdb, tokenHash: string, fact: ReadyFact): Promise<'taken' | 'unknown'> {
  return acting(mdb, agentActor, null, async (tx) => {
    const [token] = await tx
      .update(bootTokens)
      .set({ redeemedAt: sql`coalesce(${bootTokens.redeemedAt}, now())` })
      .where(and(eq(bootTokens.hash, tokenHash), eq(bootTokens.use, 'ready'), gt(bootTokens.expiresAt, sql`now()`)))
      .returning();
    if (!token) return 'unknown';
    const machine = await lockReporter(tx, token.machineId);
    const findings = differencesOf(machine, fact);
    const session = { ...token, openedAt: token.redeemedAt ?? new Date() };
    const message = findings.join('; ');
    const complaint = message === '' ? {} : { step: 'ready', message };
    if (!(await postReport(tx, session, { kind: 'ready', of: fact.bootId, ...complaint }))) return 'taken';
    await tx
      .update(machines)
      .set({ bootId: fact.bootId, observedImage: fact.image, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    const { machineId, orderId } = token;
    await record(tx, { actor: agentActor, action: 'agent.ready', machineId, orderId, detail: { findings } });
    return 'taken';
  });
}
