/** What the host itself offers: boot, BIOS, Secure Boot, and power from the mains. */
import { listedTargets } from '../boottarget.ts';
import { fullCycle } from '../power.ts';
import { acCycles } from '../quirks.ts';
import { linkedPath, object, pathKey, readText, valueAt } from '../read/values.ts';
import type { Json } from '../transport.ts';
import { actionOf, allowed, strings } from './action.ts';
import type { AcCycleOffer, BiosOffer, BootOffer, SecureBootOffer } from './offers.ts';
import type { ProbeReader } from './place.ts';

export async function bootOffer(place: ProbeReader): Promise<BootOffer> {
  const host = await place.host();
  const { systemPath } = place.basis;
  const settingsPath = linkedPath(valueAt(host, '@Redfish.Settings', 'SettingsObject'));
  const settings = await place.at(settingsPath);
  const [boot, there] = [object(host.Boot), object(settings.Boot)];
  // The settings object may hold anything but the boot override; then it is not the place.
  const where = (name: string) => (name in there && settingsPath !== null ? settingsPath : systemPath);
  // What either of them takes may be asked for: lists of settings are at times shorter than those of what is in force.
  const either = (name: string) =>
    listedTargets(there[`${name}@Redfish.AllowableValues`], boot[`${name}@Redfish.AllowableValues`]);
  const both = { ...boot, ...there };
  return {
    path: where('BootSourceOverrideTarget'),
    targets: either('BootSourceOverrideTarget'),
    enabled: either('BootSourceOverrideEnabled'),
    modes: either('BootSourceOverrideMode'),
    hasMode: readText(both.BootSourceOverrideMode) !== null,
    orderPath: Array.isArray(both.BootOrder) ? where('BootOrder') : null,
    optionsPath: linkedPath(both.BootOptions),
    httpUri: 'HttpBootUri' in both,
  };
}

export async function biosOffer(place: ProbeReader): Promise<BiosOffer | null> {
  const path = linkedPath((await place.host()).Bios);
  const bios = path === null ? null : await place.reader.resource({ '@odata.id': path });
  if (path === null || bios === null) return null;
  return {
    path,
    settingsPath: await settingsOf(place, path, bios),
    applyTimes: strings(valueAt(bios, '@Redfish.Settings', 'SupportedApplyTimes')),
    reset: await actionOf(place.reader, bios, '#Bios.ResetBios'),
    registry: readText(bios.AttributeRegistry),
  };
}

/** As linked; where the settings are announced without a link, the usual places are tried (quirk 47: Gigabyte). */
async function settingsOf({ reader }: ProbeReader, path: string, bios: Json): Promise<string | null> {
  const linked = linkedPath(valueAt(bios, '@Redfish.Settings', 'SettingsObject'));
  if (linked !== null || valueAt(bios, '@Redfish.Settings') === undefined) return linked;
  for (const name of ['Settings', 'SD']) {
    const guess = `${path.replace(/\/$/, '')}/${name}`;
    if ((await reader.resource({ '@odata.id': guess })) !== null) return guess;
  }
  return null;
}

export async function secureBootOffer(place: ProbeReader): Promise<SecureBootOffer | null> {
  const path = linkedPath((await place.host()).SecureBoot);
  const observed = path === null ? null : await place.reader.resource({ '@odata.id': path });
  if (path === null || observed === null) return null;
  return { path, resetKeys: await actionOf(place.reader, observed, '#SecureBoot.ResetKeys', 'ResetKeysType') };
}

/** The first of the known actions that the host or one of the chassis has. */
export async function acCycleOffer(place: ProbeReader): Promise<AcCycleOffer | null> {
  const resources = {
    system: [await place.host()],
    chassis: await place.reader.members(place.reader.root.Chassis),
  };
  for (const { action, at: where, body, offFirst } of acCycles) {
    for (const resource of resources[where]) {
      const target = targetOf(resource, action);
      if (target !== null) return { target, body, offFirst };
    }
  }
  return fullCycleOffer(place, resources);
}

/** The standard's own way since Redfish 2024.4, of the host or else of its case. */
async function fullCycleOffer(
  { basis, reader }: ProbeReader,
  { system, chassis }: { readonly system: readonly Json[]; readonly chassis: readonly Json[] },
): Promise<AcCycleOffer | null> {
  const own = new Set(basis.chassisPaths.map(pathKey));
  const cases = chassis.filter((one) => own.has(pathKey(linkedPath(one) ?? '')));
  const actions = [
    ...system.map((one) => valueAt(one, 'Actions', '#ComputerSystem.Reset')),
    ...cases.map((one) => valueAt(one, 'Actions', '#Chassis.Reset')),
  ];
  for (const action of actions) {
    const target = readText(valueAt(action, 'target'));
    if (target !== null && (await allowed(reader, action, 'ResetType')).includes(fullCycle))
      return { target, body: { ResetType: fullCycle }, offFirst: false };
  }
  return null;
}

/** Where vendors put actions of their own: `Actions.Oem`, a level below it, or `Oem.<vendor>.Actions`. */
function targetOf(resource: Json, action: string): string | null {
  const oem = object(valueAt(resource, 'Actions', 'Oem'));
  const places = [
    oem,
    ...Object.values(oem),
    ...Object.values(object(resource.Oem)).map((one) => valueAt(one, 'Actions')),
  ];
  return places.map((one) => readText(valueAt(one, action, 'target'))).find((target) => target !== null) ?? null;
}
