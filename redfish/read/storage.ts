import type { Json } from '../transport.ts';
import { known } from './identity.ts';
import type { Reader } from './reader.ts';
import {
  amount,
  healthOf,
  isReference,
  list,
  number,
  present,
  readText,
  serviceLabel,
  state,
  valueAt,
} from './values.ts';

export interface Drive {
  readonly slot: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly bytes: number | null;
  readonly media: string | null;
  readonly protocol: string | null;
  readonly revision: string | null;
  readonly state: string | null;
  readonly health: string | null;
}

/** Drives of the host; the older SimpleStorage is asked only where Storage shows none. */
export async function readDrives(reader: Reader, host: Json): Promise<Drive[]> {
  const storages = await reader.members(host.Storage, 2);
  const drives = (await Promise.all(storages.map((one) => drivesOf(reader, one)))).flat();
  if (drives.length > 0) return drives.filter(present).filter(isReal).map(driveOf);
  const simple = await reader.members(host.SimpleStorage);
  return simple
    .flatMap((one) => list(one.Devices))
    .filter(present)
    .filter(isReal)
    .filter(isDisk)
    .map(driveOf);
}

async function drivesOf(reader: Reader, storage: Json): Promise<Json[]> {
  const observed = list(storage.Drives);
  // One request for a storage and all its drives, where the first one stopped at links.
  const whole = observed.filter(isReference).length > 1 ? await reader.expanded(storage, 1) : null;
  const drives = await Promise.all((whole ? list(whole.Drives) : observed).map((one) => reader.resource(one)));
  return drives.filter((one) => one !== null);
}

/** Media that the controller itself plays to the host, and what takes discs, are no drives of the machine. */
function isReal(drive: Json): boolean {
  const media = readText(drive.MediaType) ?? '';
  const protocol = readText(drive.Protocol) ?? '';
  const names = [drive.Model, drive.Name, drive.Manufacturer, drive.Id].map((one) => readText(one) ?? '');
  if (/cd|dvd|floppy|optical|tape|virtual/i.test(media) || /virtual/i.test(protocol)) return false;
  if (names.some((name) => mediaNames.test(name))) return false;
  // A virtual machine's own disks are called so too; what a controller plays hangs on USB, or tells nothing of itself.
  const played = /usb/i.test(protocol) || (protocol === '' && known(drive.SerialNumber) === null);
  return !(played && names.some((name) => /\bvirtual[ _-]*(disk|hdd|flash|usb)/i.test(name)));
}

/** `vDVD` and the like are what Cisco's and Supermicro's consoles play. */
const mediaNames = /\b((virtual|remote)[ _-]*(cd|dvd|floppy|hdisk|media|optical)|v(cd|dvd|hdd|fdd|media)\b)/i;

/** SimpleStorage also lists backplanes, which have no capacity; a drive may keep silent about it, but is no backplane. */
function isDisk(device: Json): boolean {
  return amount(device.CapacityBytes) !== null || !/backplane|enclosure|expander/i.test(readText(device.Model) ?? '');
}

function driveOf(drive: Json): Drive {
  const ordinal = number(valueAt(drive.PhysicalLocation, 'PartLocation', 'LocationOrdinalValue'));
  return {
    slot:
      serviceLabel(drive.PhysicalLocation) ??
      readText(list(drive.Location)[0]?.Info) ??
      (ordinal === null ? readText(drive.Name) : String(ordinal)),
    manufacturer: readText(drive.Manufacturer),
    model: readText(drive.Model),
    serial: known(drive.SerialNumber),
    bytes: amount(drive.CapacityBytes),
    media: readText(drive.MediaType),
    protocol: readText(drive.Protocol),
    revision: readText(drive.Revision),
    state: state(drive),
    health: healthOf(drive),
  };
}
