import { cleanText } from '../../../mdb/identity.ts';
import type { Json } from '../transport.ts';
import type { Reader } from './reader.ts';
import { link, text } from './values.ts';

export interface Firmware {
  readonly id: string;
  readonly name: string;
  /** Null where the controller prints a filler instead of a version (quirk 60). */
  readonly version: string | null;
  readonly updateable: boolean | null;
  /** False for copies that are kept and do not run: previous, backup, golden and staged ones. */
  readonly inForce: boolean;
}

const fillers = new Set([
  'undefined',
  'ff',
  '0xff',
  'not present',
  'not available',
  'version not available',
  'unknown',
  'n/a',
  'na',
  'none',
  'null',
  'invalid',
]);

/** The version as compared and shown; null for what firmware prints where it knows none (quirk 60). */
export function firmwareVersion(shown: unknown): string | null {
  const clean = cleanText(typeof shown === 'string' ? shown : null);
  return clean === null || fillers.has(clean.toLowerCase()) ? null : clean.replace(/\s+/g, ' ');
}

/** Whether two controllers' spellings mean one version: blanks, case, a leading `v` and leading zeros do not count. */
export function sameVersion(one: unknown, other: unknown): boolean {
  const [left, right] = [one, other].map((each) =>
    firmwareVersion(each)
      ?.toLowerCase()
      .replace(/^v(?=\d)/, '')
      .replace(/(?<![\da-z])0+(?=\d)/g, ''),
  );
  return left !== undefined && left === right;
}

/** All that the controller lists as firmware. */
export async function readFirmware(reader: Reader): Promise<Firmware[]> {
  const service = await reader.resource(reader.root.UpdateService);
  return (await reader.members(service?.FirmwareInventory)).map(firmwareOf);
}

function firmwareOf(part: Json): Firmware {
  const id = text(part.Id) ?? link(part)?.split('/').at(-1) ?? '';
  return {
    id,
    name: text(part.Name) ?? id,
    version: firmwareVersion(part.Version),
    updateable: typeof part.Updateable === 'boolean' ? part.Updateable : null,
    inForce: !/^(Current|Previous|Available|Rollback)-|^(Backup|Golden|Staging|Capsule)_/i.test(id),
  };
}
