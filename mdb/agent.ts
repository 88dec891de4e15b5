/** Queries of the agent API: sessions, what the agent is to do, and what it reports. */
import { and, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm';
import type { BurninFact, InstalledFact, ReadyFact, StepFact } from '../contract/agent.ts';
import { agentSteps } from '../contract/agent.ts';
import type { Report, ReportKind } from '../contract/machine.ts';
import { acting, record, type Transaction } from './acting.ts';
import type { Mdb } from './connect.ts';
import type { ImageSystemName } from './machine.ts';
import { post } from './outbox.ts';
import { bootTokens, burninParts, burnins, disks, machines, orders, outbox, steps } from './schema.ts';
import type { Directive, StepDetail } from './values.ts';

type MachineRow = typeof machines.$inferSelect;

export const agentActor = { class: 'node', name: 'agent' } as const;

/** An agent's session, opened by a boot token and ended by the machine's next boot. */
export interface Session {
  readonly machineId: string;
  /** The order that the boot token was issued for, else the machine's live one. */
  readonly orderId: string | null;
  readonly nonce: string;
  readonly openedAt: Date;
}

export interface StandingDirective {
  readonly seq: number;
  readonly directive: Directive;
}

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────────────

export interface Hello {
  readonly tokenHash: string;
  readonly sessionHash: string;
  readonly sessionSeconds: number;
  readonly bootId: string;
  readonly firmware: 'bios' | 'uefi';
}

/**
 * Turns a boot token into a session, in one conditional update: of any number of requests at once, one succeeds.
 * Ends the machine's earlier sessions and older tokens, since the agent that held them is gone.
 * `spent` was redeemed before; `unknown` never existed or has expired. Both are in the audit where a machine is known.
 */
export async function redeemBootToken(mdb: Mdb, hello: Hello): Promise<Session | 'spent' | 'unknown'> {
  return acting(mdb, agentActor, null, async (tx) => {
    const [token] = await tx
      .update(bootTokens)
      .set({
        redeemedAt: sql`now()`,
        sessionHash: hello.sessionHash,
        sessionExpiresAt: sql`now() + ${hello.sessionSeconds} * interval '1 second'`,
      })
      .where(and(eq(bootTokens.hash, hello.tokenHash), eq(bootTokens.use, 'bootstrap'), isRedeemable))
      .returning();
    if (!token) return refuseToken(tx, hello.tokenHash);
    await endOlder(tx, token);
    await greet(tx, token.machineId, hello);
    const orderId = token.orderId ?? (await liveOrder(tx, token.machineId));
    return { machineId: token.machineId, orderId, nonce: token.nonce, openedAt: token.redeemedAt ?? new Date() };
  });
}

const isRedeemable = and(isNull(bootTokens.redeemedAt), gt(bootTokens.expiresAt, sql`now()`));

async function refuseToken(tx: Transaction, hash: string): Promise<'spent' | 'unknown'> {
  const [token] = await tx.select().from(bootTokens).where(eq(bootTokens.hash, hash));
  if (!token) return 'unknown';
  const why = token.redeemedAt ? 'spent' : token.use === 'bootstrap' ? 'expired' : 'for another use';
  const { machineId, orderId } = token;
  await record(tx, { actor: agentActor, action: 'agent.token-refused', machineId, orderId, detail: { why } });
  return token.redeemedAt ? 'spent' : 'unknown';
}

async function endOlder(tx: Transaction, token: typeof bootTokens.$inferSelect): Promise<void> {
  const others = and(eq(bootTokens.machineId, token.machineId), ne(bootTokens.hash, token.hash));
  await tx
    .update(bootTokens)
    .set({ sessionExpiresAt: sql`now()` })
    .where(and(others, gt(bootTokens.sessionExpiresAt, sql`now()`)));
  await tx
    .update(bootTokens)
    .set({ expiresAt: sql`now()` })
    .where(and(others, eq(bootTokens.use, 'bootstrap'), isRedeemable, lt(bootTokens.issuedAt, token.issuedAt)));
}

// A directive belongs to the boot in which it was given: the passage gives the next one when it has this boot's inventory.
async function greet(tx: Transaction, machineId: string, { bootId, firmware }: Hello): Promise<void> {
  await tx
    .update(machines)
    .set({
      bootId,
      firmware,
      lastSeenAt: sql`now()`,
      directive: { do: 'wait' },
    })
    .where(eq(machines.id, machineId));
}

async function liveOrder(tx: Transaction, machineId: string): Promise<string | null> {
  const [order] = await tx
    .select({ id: orders.id })
    .from(orders)
    .where(and(eq(orders.machineId, machineId), inArray(orders.state, ['running', 'waiting'])))
    .orderBy(sql`${orders.state} = 'running' desc`, orders.createdAt)
    .limit(1);
  return order?.id ?? null;
}

/** The sessions that are open under these hashes, by hash. */
export async function openSessions(mdb: Mdb, hashes: readonly string[]): Promise<Map<string, Session>> {
  const rows = await mdb
    .select({
      hash: bootTokens.sessionHash,
      machineId: bootTokens.machineId,
      nonce: bootTokens.nonce,
      openedAt: bootTokens.redeemedAt,
      orderId: sql<string | null>`coalesce(${bootTokens.orderId}, (
        select id from orders o where o.machine_id = ${bootTokens.machineId} and o.state in ('running', 'waiting')
        order by o.state = 'running' desc, o.created_at limit 1))`,
    })
    .from(bootTokens)
    .where(and(inArray(bootTokens.sessionHash, [...hashes]), gt(bootTokens.sessionExpiresAt, sql`now()`)));
  return new Map(rows.map(({ hash, openedAt, ...row }) => [hash ?? '', { ...row, openedAt: openedAt ?? new Date(0) }]));
}

/** What these machines are to do, by machine id. */
export async function standingDirectives(mdb: Mdb, ids: readonly string[]): Promise<Map<string, StandingDirective>> {
  const rows = await mdb
    .select({ id: machines.id, seq: machines.directiveSeq, directive: machines.directive })
    .from(machines)
    .where(inArray(machines.id, [...ids]));
  return new Map(rows.map(({ id, ...standing }) => [id, standing]));
}

// ── Reports ─────────────────────────────────────────────────────────────────────────────────────────────

export interface Telling {
  readonly kind: ReportKind;
  /** What distinguishes this report from others of its kind in the session, e.g. `disk/4`. */
  readonly of?: string;
  readonly step?: string;
  readonly message?: string;
}

/** Puts a report into the outbox, once. False when it has been told before, or when no order waits for it. */
export async function tell(tx: Transaction, session: Session, telling: Telling): Promise<boolean> {
  if (session.orderId === null) return false;
  const key = reportKey(session, telling.kind, telling.of);
  const { kind, step, message } = telling;
  const payload: Report = {
    id: key,
    kind,
    nonce: session.nonce,
    ...(step === undefined ? {} : { step }),
    ...(message === undefined ? {} : { message }),
  };
  const { machineId, orderId } = session;
  return post(tx, { key, machineId, orderId, kind: 'report', payload: { ...payload } });
}

function reportKey({ nonce }: Session, kind: ReportKind, of?: string): string {
  return `report/${nonce}/${kind}${of === undefined ? '' : `/${of}`}`;
}

// A lost answer is asked for again within a few directives; older ones than that are not this request repeated.
async function wasTold(tx: Transaction, session: Session, kind: ReportKind, seq: number): Promise<boolean> {
  const keys = Array.from({ length: 8 }, (_, back) => reportKey(session, kind, String(seq - back)));
  const rows = await tx.select({ id: outbox.id }).from(outbox).where(inArray(outbox.key, keys)).limit(1);
  return rows.length > 0;
}

/** Locks the machine of a session and reads what its reports are checked against. */
export async function lockReporter(tx: Transaction, machineId: string): Promise<typeof machines.$inferSelect> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('no key update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  return machine;
}

/** Says why nothing moves, in the machine's row and to its workflow, which asks a person. */
export async function reportFailure(mdb: Mdb, session: Session, step: string, reason: string): Promise<void> {
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    await tx
      .update(machines)
      .set({ held: `${step}: ${reason}`, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    if (session.orderId !== null) {
      const fact = {
        name: step as StepFact['name'],
        state: 'failed',
        seconds: null,
        device: null,
        message: reason,
      } as const;
      await writeStep(tx, session, fact);
    }
    const told = await tell(tx, session, {
      kind: 'failed',
      of: `${step}/${machine.directiveSeq}`,
      step,
      message: reason,
    });
    const { machineId, orderId } = session;
    if (told) {
      await record(tx, { actor: agentActor, action: `agent.${step}-refused`, machineId, orderId, detail: { reason } });
    }
  });
}

// Generous: they only make a silent agent visible; the passage's own limits are what acts.
const stepLimits: Readonly<Record<StepFact['name'], number>> = {
  watchdog: 60,
  clock: 120,
  network: 300,
  inventory: 300,
  lldp: 300,
  burnin: 7 * 86_400,
  // A large disk that overwrites itself takes days.
  erase: 7 * 86_400,
  keys: 300,
  partition: 900,
  filesystem: 3600,
  bootloader: 900,
  image: 4 * 3600,
  root: 900,
  installed: 300,
  handover: 1800,
};

/** Takes a step as the agent reports it. A failed one is told to the workflow, but for burn-in, which has a verdict. */
export async function takeStep(mdb: Mdb, session: Session, fact: StepFact): Promise<void> {
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    await tx.update(machines).set({ lastSeenAt: sql`now()` }).where(eq(machines.id, machine.id));
    await writeStep(tx, session, fact);
    if (fact.state !== 'failed' || fact.name === 'burnin') return;
    const message = [fact.device, fact.message].filter((text) => text !== null).join(': ') || 'no reason was given';
    await tell(tx, session, { kind: 'failed', of: `${fact.name}/${machine.directiveSeq}`, step: fact.name, message });
  });
}

/**
 * A step begins its next attempt when it runs after it had ended, or in a later boot than before; the same report
 * twice changes nothing.
 */
async function writeStep(tx: Transaction, session: Session, fact: StepFact): Promise<void> {
  const detail: StepDetail = {
    ...(fact.message === null ? {} : { message: fact.message }),
    ...(fact.device === null ? {} : { device: fact.device }),
    ...(fact.seconds === null ? {} : { seconds: fact.seconds }),
  };
  const ended = fact.state === 'running' ? null : sql`clock_timestamp()`;
  const limitAt = sql`now() + ${stepLimits[fact.name]} * interval '1 second'`;
  const isAnew = sql`(${fact.state} = 'running' and ${steps.state} <> 'running') or ${steps.startedAt} < ${session.openedAt}`;
  await tx
    .insert(steps)
    .values({
      orderId: session.orderId as string,
      name: fact.name,
      source: 'agent',
      ordinal: agentSteps.indexOf(fact.name),
      state: fact.state,
      owner: 'agent',
      endedAt: ended,
      limitAt,
      detail,
    })
    .onConflictDoUpdate({
      target: [steps.orderId, steps.name],
      set: {
        state: fact.state,
        attempt: sql`case when ${isAnew} then ${steps.attempt} + 1 else ${steps.attempt} end`,
        startedAt: sql`case when ${isAnew} then clock_timestamp() else ${steps.startedAt} end`,
        limitAt: sql`case when ${isAnew} then ${limitAt} else ${steps.limitAt} end`,
        endedAt: sql`case when ${steps.state} = ${fact.state} and not (${isAnew}) then ${steps.endedAt} else ${ended}::timestamptz end`,
        detail,
      },
      setWhere: eq(steps.source, 'agent'),
    });
}

/** Keeps how far the burn-in is, or, outside a burn-in, the agent's running step. */
export async function takeProgress(mdb: Mdb, session: Session, percent: number): Promise<void> {
  if (session.orderId === null) return;
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    await tx.update(machines).set({ lastSeenAt: sql`now()` }).where(eq(machines.id, session.machineId));
    const ofOrder = eq(burnins.orderId, session.orderId as string);
    const running = await tx
      .update(burnins)
      .set({ progress: percent })
      .where(and(ofOrder, isNull(burnins.endedAt)))
      .returning({ id: burnins.id });
    if (running.length > 0) return;
    await tx
      .update(steps)
      .set({ detail: sql`${steps.detail} || jsonb_build_object('percent', ${percent}::real)` })
      .where(and(eq(steps.orderId, session.orderId as string), eq(steps.source, 'agent'), eq(steps.state, 'running')));
  });
}

/** Why a report was not taken; null when it was, or had been before. */
export type NotTaken = string | null;

/** Keeps the figures of a burn-in; the verdict is the passage's. The end is told to the workflow. */
export async function takeBurnin(mdb: Mdb, session: Session, fact: BurninFact): Promise<NotTaken> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    const [burnin] = await tx
      .select()
      .from(burnins)
      .where(eq(burnins.orderId, session.orderId ?? ''));
    if (!burnin) return 'no burn-in was ordered';
    if (await wasTold(tx, session, 'burnin', machine.directiveSeq)) return null;
    if (burnin.verdict !== null) return `the burn-in has its verdict already: ${burnin.verdict}`;
    for (const part of fact.parts) {
      const row = { ...part, burninId: burnin.id, product: machine.product };
      const target = [burninParts.burninId, burninParts.kind, burninParts.subject, burninParts.device];
      await tx.insert(burninParts).values(row).onConflictDoUpdate({ target, set: row });
    }
    if (fact.finish === null) return null;
    await tx
      .update(burnins)
      .set({ endedAt: sql`now()`, cut: fact.finish.cut, ...(fact.finish.cut ? {} : { progress: 100 }) })
      .where(eq(burnins.id, burnin.id));
    await tell(tx, session, { kind: 'burnin', of: String(machine.directiveSeq) });
    return null;
  });
}

// ── Installation ────────────────────────────────────────────────────────────────────────────────────────

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
export async function issueReadyToken(mdb: Mdb, session: Session, row: ReadyTokenRow): Promise<boolean> {
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
export async function readInstalling(mdb: Mdb, { machineId }: Session): Promise<Installing | null> {
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
export async function takeInstalled(mdb: Mdb, session: Session, fact: InstalledFact): Promise<NotTaken> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    if (await wasTold(tx, session, 'installed', machine.directiveSeq)) return null;
    const differing = compareInstalled(machine.directive, fact);
    if (differing !== null) return differing;
    await tx
      .update(machines)
      .set({ keyStore: fact.keyStore, keyFingerprint: fact.key, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    await tx
      .update(disks)
      .set({ content: 'farrier', mark: fact.mark })
      .where(and(eq(disks.machineId, machine.id), eq(disks.serial, fact.disk)));
    await tell(tx, session, { kind: 'installed', of: String(machine.directiveSeq) });
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

function compareInstalled(directive: Directive, fact: InstalledFact): NotTaken {
  if (directive.do !== 'install') return 'nothing is to be installed now';
  if (fact.image !== directive.image) return `image ${fact.image} was installed, ${directive.image} was asked for`;
  if (fact.sha256 !== directive.sha256) return 'the SHA-256 is not that of the image';
  if (fact.mark !== directive.mark) return "the mark is not the machine's";
  if (fact.disk !== directive.disk) return `disk ${fact.disk} was written, ${directive.disk} was meant`;
  return null;
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
    const findings = compareReady(machine, fact);
    const session = { ...token, openedAt: token.redeemedAt ?? new Date() };
    const message = findings.join('; ');
    const complaint = message === '' ? {} : { step: 'ready', message };
    if (!(await tell(tx, session, { kind: 'ready', of: fact.bootId, ...complaint }))) return 'taken';
    await tx
      .update(machines)
      .set({ bootId: fact.bootId, observedImage: fact.image, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    const { machineId, orderId } = token;
    await record(tx, { actor: agentActor, action: 'agent.ready', machineId, orderId, detail: { findings } });
    return 'taken';
  });
}

function compareReady(machine: typeof machines.$inferSelect, fact: ReadyFact): string[] {
  const pairs = [
    ['hostname', fact.hostname, machine.hostname],
    ['address', fact.address.replace(/\/\d+$/, ''), machine.address],
    ['image', fact.image, machine.requiredImage],
    ['mark', fact.mark, machine.mark],
  ] as const;
  return pairs
    .filter(([, observed, intended]) => observed !== intended)
    .map(([what, observed, intended]) => `${what} is ${observed}, the MDB says ${intended ?? 'nothing'}`);
}
