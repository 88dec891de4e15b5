/**
 * The states of a machine and the edges between them: pure types and tables, importing nothing, so that
 * workflows, the birther and the database constraints all read the same source.
 *
 * The four columns stay apart on purpose (see docs/design): what a boot request gets, whether the machine is
 * in service, where it stands on the conveyor belt, and how sick it is are four different questions.
 */

/** What a boot request gets. A machine without a row is *unknown*, which is therefore not listed. */
export const bootStates = ['birth', 'healthy', 'rebirth', 'clean'] as const;
export type BootState = (typeof bootStates)[number];

/** Whether the machine is in service (the five Roger states of BrainSlug). */
export const opStates = ['production', 'draining', 'hard_reboot', 'disabled', 'intervention'] as const;
export type OpState = (typeof opStates)[number];

/** Place on the conveyor belt. */
export const stages = [
  'racked',
  'registered',
  'configured',
  'profiled',
  'deployed',
  'in_service',
  'maintenance',
  'repair',
  'retired',
] as const;
export type Stage = (typeof stages)[number];

/** How sick the machine is known to be. */
export const repairStates = ['none', 'suspect', 'failing', 'awaiting_human', 'awaiting_parts'] as const;
export type RepairState = (typeof repairStates)[number];

/** One trip through part of the life; the last four are the short ones that an operator calls actions. */
export const passages = [
  'birth',
  'rebirth',
  'clean',
  'maintenance',
  'repair',
  'retire',
  'drain',
  'undrain',
  'reboot',
  'power',
] as const;
export type Passage = (typeof passages)[number];

/** Classes of orders and permits, most urgent first. */
export const orderClasses = ['emergency', 'repair', 'maintenance', 'clean'] as const;
export type OrderClass = (typeof orderClasses)[number];

/** How a pool's machines are drained. */
export const drainAdapters = ['none', 'kubernetes', 'slurm', 'htcondor', 'webhook'] as const;
export type DrainAdapter = (typeof drainAdapters)[number];

/** Systems that may mirror the built-in tickets. */
export const ticketAdapters = ['jira', 'github', 'gitlab', 'servicenow', 'webhook'] as const;
export type TicketAdapter = (typeof ticketAdapters)[number];

/** What happens when a drain's time is up: its jobs are killed, the reboot is skipped, or a person is asked. */
export const drainTimeOuts = ['kill', 'skip', 'ask'] as const;
export type DrainTimeOut = (typeof drainTimeOuts)[number];

/** What follows from drift: findings only, campaigns that wait for a person, or campaigns that start by themselves. */
export const reconcileModes = ['observe', 'assist', 'authoritative'] as const;
export type ReconcileMode = (typeof reconcileModes)[number];

/** Groups that may have a minimum of machines in service. */
export const capacityScopes = ['fleet', 'feed', 'rack', 'pool'] as const;
/** One of those, or the name of any other column or tag that somebody set a minimum for. */
export type CapacityScope = string;

/** A minimum is a share of the group in percent, rounded up, or a number of machines. */
export const minimumUnits = ['percent', 'count'] as const;
export type MinimumUnit = (typeof minimumUnits)[number];

export const imageKinds = ['compute', 'storage', 'debug'] as const;
export type ImageKind = (typeof imageKinds)[number];

/** What installs the full system image after birth, chosen by the site's policy. */
export const imageSystemNames = ['archive', 'dominator'] as const;
export type ImageSystemName = (typeof imageSystemNames)[number];

/**
 * Ways of erasing a disk (NIST SP 800-88). `crypto` discards the keys under which Farrier encrypted it; `filesystems`
 * only re-makes file systems: what they held can still be dug up. None is ever replaced by another.
 */
export const eraseMethods = [
  'crypto',
  'nvme-sanitize',
  'nvme-format',
  'ata-secure-erase',
  'overwrite',
  'filesystems',
] as const;
export type EraseMethod = (typeof eraseMethods)[number];

/** Kinds of disks, as far as erasing them differs; `ata` is SATA, and SAS disks that understand its commands. */
export const diskKinds = ['nvme', 'ata', 'other'] as const;
export type DiskKind = (typeof diskKinds)[number];

/** How disks are erased that Farrier did not encrypt, unless their pool says otherwise. */
export const standardEraseOthers: Readonly<Record<DiskKind, EraseMethod>> = {
  nvme: 'nvme-format',
  ata: 'ata-secure-erase',
  other: 'overwrite',
};

export const orderStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type OrderState = (typeof orderStates)[number];

export const stepStates = ['pending', 'running', 'held', 'done', 'failed', 'skipped'] as const;
export type StepState = (typeof stepStates)[number];

/** Outcome of one act on hardware; `written` and `sent` are on the way, the other three are final. */
export const intentStates = ['written', 'sent', 'done', 'not_done', 'unknown'] as const;
export type IntentState = (typeof intentStates)[number];

/** Who moved a transition: Farrier itself, the machine's own agent, or a person. */
export const actorClasses = ['system', 'node', 'user'] as const;
export type ActorClass = (typeof actorClasses)[number];

/** The columns of `machines` whose every change must be an edge below; kept by a trigger in the MDB. */
export type GuardedColumn = 'boot_state' | 'op_state' | 'stage' | 'repair_state';

type Edges<S extends string> = Record<S, readonly S[]>;

const bootEdges: Edges<BootState> = {
  birth: ['healthy'],
  healthy: ['birth', 'rebirth', 'clean'],
  rebirth: ['healthy', 'birth'],
  clean: ['healthy', 'birth', 'rebirth'],
};

// A new machine starts `disabled` (being restored) and reaches production only through the readiness gate.
const opEdges: Edges<OpState> = {
  production: ['draining', 'disabled'],
  draining: ['production', 'hard_reboot', 'disabled', 'intervention'],
  hard_reboot: ['disabled', 'intervention'],
  disabled: ['production', 'draining', 'intervention'],
  intervention: ['disabled'],
};

const stageEdges: Edges<Stage> = {
  racked: ['registered', 'retired'],
  registered: ['configured', 'racked', 'repair', 'retired'],
  configured: ['profiled', 'registered', 'racked', 'repair', 'retired'],
  profiled: ['deployed', 'registered', 'racked', 'repair', 'retired'],
  deployed: ['in_service', 'registered', 'racked', 'repair', 'retired'],
  in_service: ['maintenance', 'repair', 'racked', 'registered', 'retired'],
  maintenance: ['in_service', 'repair', 'racked', 'registered', 'retired'],
  repair: ['in_service', 'maintenance', 'racked', 'registered', 'retired'],
  retired: ['racked'],
};

const repairEdges: Edges<RepairState> = {
  none: ['suspect', 'failing', 'awaiting_human', 'awaiting_parts'],
  suspect: ['none', 'failing', 'awaiting_human', 'awaiting_parts'],
  failing: ['none', 'suspect', 'awaiting_human', 'awaiting_parts'],
  awaiting_human: ['none', 'suspect', 'failing', 'awaiting_parts'],
  awaiting_parts: ['none', 'suspect', 'failing', 'awaiting_human'],
};

/** Every legal edge, by column; the migrator writes this table into the MDB, where a trigger enforces it. */
export const legalEdges: Record<GuardedColumn, Readonly<Record<string, readonly string[]>>> = {
  boot_state: bootEdges,
  op_state: opEdges,
  stage: stageEdges,
  repair_state: repairEdges,
};

/** True when `to` may follow `from` in that column; staying put is always legal. */
export function isLegalEdge(column: GuardedColumn, from: string, to: string): boolean {
  return from === to || (legalEdges[column][from]?.includes(to) ?? false);
}

export interface OfferState {
  readonly stage: Stage;
  readonly opState: OpState;
  readonly repairState: RepairState;
}

/** Whether a machine may be offered as capacity. Derived, never stored. */
export function isOfferable(machine: OfferState): boolean {
  return machine.stage === 'in_service' && machine.opState === 'production' && machine.repairState === 'none';
}

/**
 * A MAC address in the one form the MDB keeps: lower case, colons.
 * Accepts colons, dashes, dots or no separator at all (`a4-bf-…` is what Intel controllers print: quirk 62).
 * Returns null for anything that is not 48 bits, all zeros, broadcast, or multicast.
 */
export function normaliseMac(text: string): string | null {
  const hex = text.trim().toLowerCase().replace(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(hex) || /^0{12}$/.test(hex)) return null;
  if (Number.parseInt(hex.slice(1, 2), 16) & 1) return null;
  return hex.replace(/(..)(?=.)/g, '$1:');
}

/**
 * Whether a normalised MAC was given by no factory: the second bit of its first byte (IEEE 802). Such MACs may be the
 * same on every machine of a kind (quirk 61), so they identify none.
 */
export function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(1, 2), 16) & 2) !== 0;
}

/** The id of a machine, minted from the MAC it first booted with, so that two first requests mint the same id. */
export function machineIdOf(mac: string): string {
  return `m-${mac.replaceAll(':', '')}`;
}
