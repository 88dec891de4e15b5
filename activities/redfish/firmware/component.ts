import { type Firmware, firmwareVersion, readFirmware } from '../read/firmware.ts';
import { openReader } from '../read/reader.ts';
import type { Session } from '../session.ts';

/** Versions of what runs, by component; null where the controller prints a filler (quirk 60). */
export type Versions = Readonly<Record<string, string | null>>;

/**
 * A component's own name: ids may hold its version (`Installed-159-1.8.2__BIOS.Setup.1-1`), and may lose a prefix with
 * an update (`MGX_FW_BMC_0`, quirk 60).
 */
export function componentOf(id: string): string {
  const [, plain = id] = /^(?:Installed|Current)-\d+-.*?__(.+)$/i.exec(id) ?? [];
  return plain.replace(/^MGX_/i, '');
}

/** What runs on the machine, by component; copies that are kept are left out. */
export async function readVersions(session: Session): Promise<Versions> {
  return versionsOf(await readFirmware(await openReader(session)));
}

export function versionsOf(firmware: readonly Firmware[]): Versions {
  const running = firmware.filter(({ inForce }) => inForce);
  return Object.fromEntries(running.map(({ id, version }) => [componentOf(id), firmwareVersion(version)]));
}

/** The component that is meant: by its name, or by the part of it that people say (`BIOS` for `BIOS.Setup.1-1`). */
export function findComponent(versions: Versions, wanted: string): string | null {
  const key = (name: string) => componentOf(name).toLowerCase();
  const names = Object.keys(versions);
  const exact = names.find((name) => key(name) === key(wanted));
  if (exact !== undefined) return exact;
  const said = names.filter((name) => key(name).split(/[._-]/).includes(key(wanted)));
  return said.length === 1 ? (said[0] ?? null) : null;
}
