import { link, part } from './links.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';

export interface BiosReading {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Where pending settings are written; null when the controller offers no way. */
  readonly settingsPath: string | null;
  /** Whether it can be told to apply them at the next start; some leave them pending for ever otherwise (quirk 48). */
  readonly appliesOnReset: boolean;
}

/** BIOS attributes in force; null where the controller shows none. */
export async function readBios(session: Session, system: SystemReading): Promise<BiosReading | null> {
  if (system.biosPath === null) return null;
  const bios = await session.get(system.biosPath);
  const settings = part(bios, '@Redfish.Settings');
  const times = settings.SupportedApplyTimes;
  return {
    attributes: part(bios, 'Attributes'),
    settingsPath: link(settings.SettingsObject),
    appliesOnReset: Array.isArray(times) && times.includes('OnReset'),
  };
}

/** Makes BIOS attributes pending. They are in force after a restart, if at all: only a later reading tells. */
export async function setBios(
  session: Session,
  { settingsPath, appliesOnReset }: BiosReading & { readonly settingsPath: string },
  attributes: Readonly<Record<string, unknown>>,
): Promise<void> {
  await session.write('PATCH', settingsPath, {
    Attributes: attributes,
    ...(appliesOnReset && { '@Redfish.SettingsApplyTime': { ApplyTime: 'OnReset' } }),
  });
}

/** Names of the wanted attributes that differ from those in force. */
export function differingAttributes(wanted: Readonly<Record<string, unknown>>, bios: BiosReading | null): string[] {
  return Object.keys(wanted)
    .filter((name) => bios?.attributes[name] !== wanted[name])
    .sort();
}
