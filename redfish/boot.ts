import { type BootTarget, chooseTarget, listedTargets, needsUefi } from './boottarget.ts';
import { RedfishError } from './errors.ts';
import { containsValues } from './etag.ts';
import { part, text } from './links.ts';
import { strings } from './probe/action.ts';
import type { BootForm } from './quirks.ts';
import { openReader } from './read/reader.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';
import type { Json } from './transport.ts';

export type { BootTarget } from './boottarget.ts';

/** Where a boot override is asked for, and with what; `boot` empty when it is asked for already. */
export interface BootPlan {
  readonly path: string;
  readonly boot: Json;
  /** Where else it may be written, if the first place certainly did not take it. */
  readonly elsewhere?: string;
}

export interface BootSpec {
  readonly target: BootTarget;
  readonly enabled: 'Once' | 'Continuous' | 'Disabled';
  /** Where to boot from over HTTP, for those that take an address. */
  readonly uri?: string;
}

/** How the machine was seen to boot; absent or null where nobody has seen it. */
export type SeenFirmware = 'bios' | 'uefi' | null | undefined;

const allowableTargets = 'BootSourceOverrideTarget@Redfish.AllowableValues';

/** Plans a boot from the network, once; null when the controller offers no such target. */
export async function planNetworkBoot(
  session: Session,
  system: SystemReading,
  firmware?: SeenFirmware,
): Promise<BootPlan | null> {
  const plan = await planBoot(session, system, { target: 'network', enabled: 'Once' }, firmware);
  return typeof plan === 'string' ? null : plan;
}

/** Whether there is a firmware's order and nothing that overrides it once. */
export async function hasOnlyOrder(session: Session, system: SystemReading): Promise<boolean> {
  const { observed } = await readBoot(session, system);
  return (
    !Object.keys(observed).some((name) => name.startsWith('BootSourceOverride')) && Array.isArray(observed.BootOrder)
  );
}

/**
 * Plans a boot override; a sentence where the controller doesn't offer it. Written where the controller takes it: the
 * system, or its settings where only those show a boot override (quirks 38 and 39).
 */
export async function planBoot(
  session: Session,
  system: SystemReading,
  spec: BootSpec,
  firmware?: SeenFirmware,
): Promise<BootPlan | string> {
  const { elsewhere, path, observed, targets: offered } = await readBoot(session, system);
  const target = chooseTarget(spec.target, offered, firmware);
  if (target === null) return `the controller offers no boot from ${spec.target}, but from ${offered.join(', ')}`;
  const enabled = strings(observed['BootSourceOverrideEnabled@Redfish.AllowableValues']);
  if (enabled.length > 0 && !enabled.includes(spec.enabled))
    return `the controller overrides the boot ${enabled.join(' or ')} only, not ${spec.enabled}`;
  if (spec.uri !== undefined && !('HttpBootUri' in observed)) return 'the controller takes no address to boot from';
  const mode = await modeFor(session, observed, target, firmware);
  const fields = bootFields(observed, target, system.quirks.boot, spec.enabled, mode);
  const boot = { ...fields, ...(spec.uri !== undefined && { HttpBootUri: spec.uri }) };
  return { path, boot, ...(elsewhere !== null && { elsewhere }) };
}

/**
 * The mode that the target can be booted in: what the target says, what the machine was seen to do, what its boot
 * options are; and only then what is shown beside an override that may not be in force. Null for none to be sent.
 */
async function modeFor(
  session: Session,
  observed: Json,
  target: string,
  firmware: SeenFirmware,
): Promise<string | null> {
  const now = text(observed.BootSourceOverrideMode);
  if (now === null) return null;
  const right =
    needsUefi(target) || firmware === 'uefi' || (firmware !== 'bios' && (await onlyUefi(session, observed, now)));
  const mode = right ? 'UEFI' : firmware === 'bios' ? 'Legacy' : now;
  const allowed = strings(observed['BootSourceOverrideMode@Redfish.AllowableValues']);
  if (mode.toLowerCase() === now.toLowerCase() || allowed.length === 0)
    return mode === 'UEFI' && now.toLowerCase() === 'uefi' ? now : mode;
  return allowed.find((one) => one.toLowerCase() === mode.toLowerCase()) ?? null;
}

/** Whether the firmware lists boot options, and all of them by UEFI; asked for only where another mode is shown. */
async function onlyUefi(session: Session, observed: Json, now: string): Promise<boolean> {
  if (now.toLowerCase() === 'uefi') return true;
  if (observed.BootOptions === undefined) return false;
  const options = await (await openReader(session)).members(observed.BootOptions);
  const byUefi = (option: Json) => {
    const path = text(option.UefiDevicePath);
    return path === null ? /^\W*UEFI\b/i.test(text(option.DisplayName) ?? '') : !/^BBS\(/i.test(path);
  };
  return options.length > 0 && options.every(byUefi);
}

/** The boot override as it is, where it is written, and the targets of either place. */
export async function readBoot(
  session: Session,
  system: SystemReading,
): Promise<{ path: string; elsewhere: string | null; observed: Json; targets: readonly string[] }> {
  const settings = system.settingsPath === null ? null : await session.get(system.settingsPath);
  const there = settings === null ? {} : part(settings, 'Boot');
  const targets = listedTargets(there[allowableTargets], system.boot[allowableTargets]);
  // The settings object may hold anything but the boot override; then it is not the place.
  if (!('BootSourceOverrideTarget' in there) || system.settingsPath === null)
    return { path: system.path, elsewhere: null, observed: system.boot, targets };
  const elsewhere = 'BootSourceOverrideTarget' in system.boot ? system.path : null;
  return {
    path: system.settingsPath,
    elsewhere,
    observed: { ...system.boot, ...there, ...eitherList(system.boot, there) },
    targets,
  };
}

/** What either place lists for the other properties: settings may list less than what is in force, or nothing. */
function eitherList(one: Json, other: Json): Json {
  const names = ['BootSourceOverrideEnabled', 'BootSourceOverrideMode'].map(
    (name) => `${name}@Redfish.AllowableValues`,
  );
  const lists = names.map((name) => [name, listedTargets(other[name], one[name])] as const);
  return Object.fromEntries(lists.filter(([, values]) => values.length > 0));
}

/** The fields to send: without a mode where the controller has none at all (quirk 46), or takes none. */
export function bootFields(
  observed: Json,
  target: string,
  form: BootForm,
  enabled: BootSpec['enabled'] = 'Once',
  mode: string | null = text(observed.BootSourceOverrideMode),
): Record<string, string> {
  const fields: Record<string, string> = {
    BootSourceOverrideTarget: target,
    BootSourceOverrideEnabled: enabled,
    ...(mode !== null && form.mode === 'send' && { BootSourceOverrideMode: mode }),
  };
  if (form.write === 'triple') return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => observed[name] !== value));
}

/**
 * Asks for what was planned, and gives the place that took it. A refusal of what is so already is a success (quirk 29);
 * one that points to the settings object is followed there (quirk 38), and a value that one place does not take is asked
 * of the other.
 */
export async function writeBoot(session: Session, { boot, elsewhere, path }: BootPlan): Promise<string> {
  if (Object.keys(boot).length === 0) return path;
  try {
    await session.write('PATCH', path, { Boot: boot });
    return path;
  } catch (error) {
    if (!(error instanceof RedfishError) || error.carriedOut !== 'no') throw error;
    const other = error.kind === 'elsewhere' ? (error.pointer ?? `${path}/SD`) : null;
    if (other === null && isSet(part(await session.get(path), 'Boot'), boot)) return path;
    const next = other ?? (error.kind === 'rejected' ? elsewhere : undefined);
    if (next === undefined) throw error;
    await session.write('PATCH', next, { Boot: boot });
    return next;
  }
}

/** Looks after a write: some show what they took a moment later. */
const looks = 5;
const apart = 1000;

/**
 * Makes sure that a boot override is there, before anything is done that relies on it. Throws, as something that was
 * not done, where the controller answered with a success and shows something else.
 */
export async function confirmBoot(
  session: Session,
  path: string,
  boot: Json,
  wait: (milliseconds: number) => Promise<void>,
): Promise<void> {
  for (let look = 1; ; look += 1) {
    const observed = part(await session.get(path), 'Boot');
    if (isSet(observed, boot)) return;
    if (look === looks) {
      const words = Object.keys(boot).map((name) => `${name} ${JSON.stringify(observed[name] ?? null)}`);
      const message = `the controller took the boot setting and does not show it: ${words.join(', ')}`;
      throw new RedfishError('rejected', message, { carriedOut: 'no' });
    }
    await wait(apart);
  }
}

/** Whether a boot setting is shown. What is switched off may go on to name a target, or not. */
export function isSet(observed: Json, { BootSourceOverrideTarget: target, ...others }: Json): boolean {
  const off = others.BootSourceOverrideEnabled === 'Disabled';
  const { BootSourceOverrideMode: mode, ...rest } =
    off || target === undefined ? others : { ...others, BootSourceOverrideTarget: target };
  const sameMode =
    mode === undefined || text(observed.BootSourceOverrideMode)?.toLowerCase() === String(mode).toLowerCase();
  return sameMode && containsValues(observed, rest);
}
