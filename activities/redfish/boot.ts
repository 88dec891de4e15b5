import { RedfishError } from './errors.ts';
import { holds } from './etag.ts';
import { part, text } from './links.ts';
import type { BootForm } from './quirks.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';
import type { Json } from './transport.ts';

/** Where a boot override is asked for, and with what; `boot` empty when it is asked for already. */
export interface BootPlan {
  readonly path: string;
  readonly boot: Json;
}

/** What to boot from, and the targets that mean it, best first; families name optical drives in their own way. */
const targetNames = {
  network: ['Pxe', 'UefiHttp'],
  pxe: ['Pxe'],
  http: ['UefiHttp'],
  disk: ['Hdd'],
  cd: ['Cd', 'UsbCd', 'CD/DVD', 'UefiUsbCd'],
  usb: ['Usb'],
  bios: ['BiosSetup'],
  none: ['None'],
} as const;

export type BootTarget = keyof typeof targetNames;

export interface BootWish {
  readonly target: BootTarget;
  readonly enabled: 'Once' | 'Continuous' | 'Disabled';
  /** Where to boot from over HTTP, for those that take an address. */
  readonly uri?: string;
}

/** Plans a boot from the network, once; null when the controller offers no such target. */
export async function planNetworkBoot(session: Session, system: SystemReading): Promise<BootPlan | null> {
  const plan = await planBoot(session, system, { target: 'network', enabled: 'Once' });
  return typeof plan === 'string' ? null : plan;
}

/**
 * Plans a boot override; a sentence where the controller doesn't offer it. Written where the controller takes it: the
 * system, or its settings where only those show a boot override (quirks 38 and 39).
 */
export async function planBoot(session: Session, system: SystemReading, wish: BootWish): Promise<BootPlan | string> {
  const { path, shown } = await readBoot(session, system);
  const offered = strings(shown['BootSourceOverrideTarget@Redfish.AllowableValues']);
  const names: readonly string[] = targetNames[wish.target];
  const target = offered.length === 0 ? names[0] : names.find((name) => offered.includes(name));
  if (target === undefined) return `the controller offers no boot from ${wish.target}, but from ${offered.join(', ')}`;
  const enabled = strings(shown['BootSourceOverrideEnabled@Redfish.AllowableValues']);
  if (enabled.length > 0 && !enabled.includes(wish.enabled))
    return `the controller overrides the boot ${enabled.join(' or ')} only, not ${wish.enabled}`;
  if (wish.uri !== undefined && !('HttpBootUri' in shown)) return 'the controller takes no address to boot from';
  const fields = bootFields(shown, target, system.quirks.boot, wish.enabled);
  return { path, boot: { ...fields, ...(wish.uri !== undefined && { HttpBootUri: wish.uri }) } };
}

/** The boot override as it is, and where it is written. */
export async function readBoot(session: Session, system: SystemReading): Promise<{ path: string; shown: Json }> {
  const settings = system.settingsPath === null ? null : await session.get(system.settingsPath);
  const there = settings === null ? {} : part(settings, 'Boot');
  // The settings object may hold anything but the boot override; then it is not the place.
  if (!('BootSourceOverrideTarget' in there) || system.settingsPath === null)
    return { path: system.path, shown: system.boot };
  return { path: system.settingsPath, shown: { ...system.boot, ...there } };
}

function strings(values: unknown): string[] {
  return Array.isArray(values) ? values.map(String) : [];
}

/** The fields to send. The mode is kept as it is, where the controller has one at all (quirk 46). */
export function bootFields(
  shown: Json,
  target: string,
  form: BootForm,
  enabled: BootWish['enabled'] = 'Once',
): Record<string, string> {
  const mode = text(shown.BootSourceOverrideMode);
  const fields: Record<string, string> = {
    BootSourceOverrideTarget: target,
    BootSourceOverrideEnabled: enabled,
    ...(mode !== null && form.mode === 'send' && { BootSourceOverrideMode: mode }),
  };
  if (form.write === 'triple') return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => shown[name] !== value));
}

/**
 * Asks for what was planned. A refusal of what is so already is a success (quirk 29); one that points to the settings
 * object is followed there (quirk 38).
 */
export async function writeBoot(session: Session, plan: BootPlan): Promise<void> {
  if (Object.keys(plan.boot).length === 0) return;
  try {
    await session.write('PATCH', plan.path, { Boot: plan.boot });
  } catch (error) {
    if (!(error instanceof RedfishError) || error.carriedOut !== 'no') throw error;
    if (error.kind === 'elsewhere') {
      const there = error.pointer ?? `${plan.path}/SD`;
      await session.write('PATCH', there, { Boot: plan.boot });
      return;
    }
    const fresh = await session.get(plan.path);
    if (!holds(part(fresh, 'Boot'), plan.boot)) throw error;
  }
}
