import { type FirmwareReading, firmwareVersion, readFirmware, splitWords } from '../read/firmware.ts';
import { openReader } from '../read/reader.ts';
import { pathKey } from '../read/values.ts';
import type { Session } from '../session.ts';

/** Versions of what runs, by component; null where the controller prints a filler (quirk 60). */
export type Versions = Readonly<Record<string, string | null>>;

/** One firmware that runs, by the name that stays its own. */
export interface Component {
  readonly key: string;
  readonly version: string | null;
  readonly firmware: FirmwareReading;
}

/**
 * A component's own name: ids may hold its version (`Installed-159-1.8.2__BIOS.Setup.1-1`), and may lose a prefix with
 * an update (`MGX_FW_BMC_0`, quirk 60).
 */
export function componentOf(id: string): string {
  const [, plain = id] = /^(?:Installed|Current)-\d+-.*?__(.+)$/i.exec(id) ?? [];
  return plain.replace(/^MGX_/i, '');
}

/** What runs on the machine; copies that are kept are left out. */
export async function readComponents(session: Session): Promise<Component[]> {
  return componentsOf(await readFirmware(await openReader(session)));
}

export function componentsOf(firmware: readonly FirmwareReading[]): Component[] {
  const running = firmware.filter(({ inForce }) => inForce);
  const names = running.map(nameOf);
  return running.map((one, place) => {
    const name = names[place] ?? one.id;
    const alone = names.indexOf(name) === names.lastIndexOf(name);
    return { key: alone ? name : `${name} #${one.id}`, version: firmwareVersion(one.version), firmware: one };
  });
}

/** HPE numbers its firmware, anew when a part is added: there the name says what it is. */
function nameOf({ id, name }: FirmwareReading): string {
  return /^\d+$/.test(id) && name !== '' ? name : componentOf(id);
}

export function versionsOf(components: readonly Component[]): Versions {
  return Object.fromEntries(components.map(({ key, version }) => [key, version]));
}

/** Which component is meant, or why that can't be known. */
export type FoundComponent = { readonly component: Component } | { readonly why: string; readonly several: boolean };

/**
 * The component that is meant: by its own name, by what it is the firmware of, or by the part of its name that people
 * say (`BIOS` for `BIOS.Setup.1-1`). What could be several is none: the wrong one would be written.
 */
export function findComponent(components: readonly Component[], wanted: string): FoundComponent {
  for (const fits of [isNamed, isAbout, isSaid, isKindOf]) {
    const found = components.filter((one) => fits(one, wanted));
    const [only] = found;
    if (only && found.length === 1) return { component: only };
    if (found.length > 1) {
      const why = `${wanted} could be ${found.map(({ key }) => key).join(' or ')}: name one`;
      return { why, several: true };
    }
  }
  const why = `the controller lists no firmware ${wanted}, but ${components.map(({ key }) => key).join(', ')}`;
  return { why, several: false };
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

function isNamed({ key, firmware: { id, name } }: Component, wanted: string): boolean {
  return [key, componentOf(id), id, name].some((one) => same(one, wanted) || same(one, componentOf(wanted)));
}

function isAbout({ firmware: { about = [] } }: Component, wanted: string): boolean {
  return about.some((one) => pathKey(one) === pathKey(wanted));
}

function isSaid(component: Component, wanted: string): boolean {
  const said = wanted.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return said.length > 0 && !isOfTrust(component, said) && contains(wordsIn(component), said);
}

/** What the kinds that people name are called elsewhere, and the resource that each belongs to. */
const kinds: Readonly<Record<string, { readonly names: readonly string[]; readonly about: RegExp }>> = {
  bios: { names: ['system rom', 'uefi', 'sbios', 'host bios'], about: /\/systems\/[^/]+(\/bios)?\/?$/i },
  bmc: { names: ['ilo', 'idrac', 'xcc', 'cimc', 'bmc'], about: /\/managers\/[^/]+\/?$/i },
};

function isKindOf(component: Component, wanted: string): boolean {
  const kind = kinds[wanted.toLowerCase()];
  if (!kind || isOfTrust(component, [])) return false;
  const named = kind.names.some((name) => contains(wordsIn(component), name.split(' ')));
  return named || (component.firmware.about ?? []).some((path) => kind.about.test(path));
}

/** The root of trust beside a part bears its name too, and is another chip. */
function isOfTrust(component: Component, said: readonly string[]): boolean {
  const trust = (word: string) => /^(e|i|ac)?rot\d*$/.test(word);
  return wordsIn(component).some(trust) && !said.some(trust);
}

function wordsIn({ key, firmware: { name } }: Component): string[] {
  return [...splitWords(key), ...splitWords(name)];
}

/** Whether words stand in others, in their order and side by side. */
function contains(words: readonly string[], said: readonly string[]): boolean {
  return words.some((_, from) => said.every((word, place) => words[from + place] === word));
}
