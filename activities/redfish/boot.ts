import { RedfishError } from './errors.ts';
import { holds } from './etag.ts';
import { part, text } from './links.ts';
import type { BootForm } from './quirks.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';
import type { Json } from './transport.ts';

/** Where a one-time network boot is asked for, and with what; `boot` empty when it is asked for already. */
export interface BootPlan {
  readonly path: string;
  readonly boot: Readonly<Record<string, string>>;
}

/** Names of the network among boot targets, best first. */
const networkTargets = ['Pxe', 'UefiHttp'];

/**
 * Plans a boot from the network, once. Written where the controller takes it: the system, or its settings where only
 * those show a boot override (quirks 38 and 39). Null when it offers no such target.
 */
export async function planNetworkBoot(session: Session, system: SystemReading): Promise<BootPlan | null> {
  const settings = system.settingsPath === null ? null : await session.get(system.settingsPath);
  const there = settings === null ? {} : part(settings, 'Boot');
  // The settings object may hold anything but the boot override; then it is not the place.
  const path = 'BootSourceOverrideTarget' in there && system.settingsPath !== null ? system.settingsPath : system.path;
  const offered = allowed(there) ?? allowed(system.boot);
  const target = offered === null ? 'Pxe' : networkTargets.find((name) => offered.includes(name));
  if (target === undefined) return null;
  const shown = path === system.path ? system.boot : { ...system.boot, ...there };
  return { path, boot: bootFields(shown, target, system.quirks.boot) };
}

function allowed(boot: Json): string[] | null {
  const values = boot['BootSourceOverrideTarget@Redfish.AllowableValues'];
  return Array.isArray(values) && values.length > 0 ? values.map(String) : null;
}

/** The fields to send. The mode is kept as it is, where the controller has one at all (quirk 46). */
export function bootFields(shown: Json, target: string, form: BootForm): Record<string, string> {
  const mode = text(shown.BootSourceOverrideMode);
  const fields: Record<string, string> = {
    BootSourceOverrideTarget: target,
    BootSourceOverrideEnabled: 'Once',
    ...(mode !== null && form.mode === 'send' && { BootSourceOverrideMode: mode }),
  };
  if (form.write === 'triple') return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => shown[name] !== value));
}

/**
 * Asks for the network at the next boot only. A refusal of what is so already is a success (quirk 29); one that points
 * to the settings object is followed there (quirk 38).
 */
export async function bootNetworkOnce(session: Session, plan: BootPlan): Promise<void> {
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
