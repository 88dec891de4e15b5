import { cleanText, normaliseSerial } from '../../domain/identity/identity.ts';
import type { Json } from '../transport.ts';
import type { Reader } from './reader.ts';
import { inWords, linkedPath, list, named, object, readText, state } from './values.ts';

export interface FirmwareReading {
  readonly id: string;
  readonly name: string;
  /** Null where the controller prints a filler instead of a version (quirk 60). */
  readonly version: string | null;
  readonly updateable: boolean | null;
  /** Whether it is what runs; see `copy` for what else it is. */
  readonly inForce: boolean;
  /** What a copy that does not run is kept for; absent for what runs. */
  readonly copy?: FirmwareCopy;
  /** What it is the firmware of: paths of resources, and ids that the vendor's update files name; absent where untold. */
  readonly about?: readonly string[];
}

/** A spare to fall back on, what the next start or update takes, what was there before, a second listing of the same. */
export type FirmwareCopy = 'backup' | 'staged' | 'previous' | 'listed-twice';

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
export function firmwareVersion(observed: unknown): string | null {
  const clean = cleanText(typeof observed === 'string' ? observed : null);
  // `-*`, `...`: nothing that could be a version.
  if (clean === null || !/[a-z0-9]/i.test(clean)) return null;
  return fillers.has(clean.toLowerCase()) || isDenial(clean) ? null : clean.replace(/\s+/g, ' ');
}

/** Whether it is a phrase of nothing, in any spelling, or a register that could not be read: `0xFFFFFFFF`. */
function isDenial(observed: string): boolean {
  if (/^(0x)?ff[f.\s]*$/i.test(observed)) return true;
  const letters = observed.replace(/[^a-z]/gi, '');
  const isPhrase = !/\d/.test(observed) && letters.length > 2;
  return (
    /^n\W?a\W*$/i.test(observed) ||
    (isPhrase && (normaliseSerial(observed.replace(/version/i, 'value')) === null || named(observed) === null))
  );
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

/** All that the controller lists as firmware; some list it as software only. */
export async function readFirmware(reader: Reader): Promise<FirmwareReading[]> {
  const service = await reader.resource(reader.root.UpdateService);
  const firmware = await reader.members(service?.FirmwareInventory);
  const listed = firmware.length > 0 ? firmware : await reader.members(service?.SoftwareInventory);
  return listed.map(firmwareOf);
}

function firmwareOf(part: Json): FirmwareReading {
  const id = readText(part.Id) ?? linkedPath(part)?.split('/').at(-1) ?? '';
  const name = readText(part.Name) ?? id;
  const copy = copyOf(part, id, name);
  const about = [...list(part.RelatedItem).flatMap((one) => linkedPath(one) ?? []), ...targetsOf(part)];
  return {
    id,
    name,
    version: firmwareVersion(part.Version),
    updateable: typeof part.Updateable === 'boolean' ? part.Updateable : null,
    inForce: copy === null,
    ...(copy !== null && { copy }),
    ...(about.length > 0 && { about }),
  };
}

/**
 * Words of a name, as they are parted by blanks and signs, and then as capitals part them too: `HostBIOS_0` → hostbios,
 * 0, host, bios, 0.
 */
export function splitWords(name: string): string[] {
  const parted = name.replace(/([a-z])([A-Z])/g, '$1 $2');
  const written = parted === name ? [name] : [name, parted];
  return written.flatMap((one) => one.toLowerCase().match(/[a-z0-9]+/g) ?? []);
}

const copyWords: readonly (readonly [FirmwareCopy, RegExp])[] = [
  ['previous', /^(previous|prior|former)$/],
  ['backup', /^(backup|golden|redundant|recovery|rollback|failsafe|fallback|standby|spare|inactive|alternat(e|ive))$/],
  ['staged', /^(staging|staged|pending|capsule|available)$/],
];

/** What a copy is kept for, by its state (`Active` and `Staged` since 2025.2), its id and its name; null for what runs. */
function copyOf(part: Json, id: string, name: string): FirmwareCopy | null {
  if (part.Active === true) return null;
  if (part.Staged === true) return 'staged';
  if (part.Active === false || /^Standby/i.test(state(part) ?? '')) return 'backup';
  // Dell lists what runs as Installed, and some of it as Current too.
  if (/^Current-/i.test(id)) return 'listed-twice';
  const words = [id, name].flatMap((one) => [...splitWords(one), ...splitWords(inWords(one))]);
  return copyWords.find(([, form]) => words.some((word) => form.test(word)))?.[0] ?? null;
}

/** HPE's update files name what they are for by these ids. */
function targetsOf(part: Json): string[] {
  return Object.values(object(part.Oem)).flatMap((oem) => {
    const targets = object(oem).Targets;
    return Array.isArray(targets) ? targets.flatMap((one) => readText(one) ?? []) : [];
  });
}
