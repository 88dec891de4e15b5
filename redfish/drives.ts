import { link as linkOf } from './links.ts';
import { allowed, strings } from './probe/action.ts';
import { known } from './read/identity.ts';
import { openReader, type Reader, throwPassing } from './read/reader.ts';
import { isReference, list, named, number, object, readText, valueAt } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** A drive, as far as erasing it goes. */
export interface ErasableDrive {
  readonly path: string;
  readonly serial: string;
  readonly model: string | null;
  /** Null where the controller can't erase this drive (quirk 65). */
  readonly erase: EraseOffer | null;
  /** An erasure that is under way: its name and percentage, as the drive shows it. */
  readonly operation: string | null;
}

export interface EraseOffer {
  readonly target: string;
  /** Kinds of sanitization it lists; empty where it lists none, and chooses by itself. */
  readonly methods: readonly string[];
  readonly applyTimes: readonly string[];
}

/** The drives with this serial number; several only where a controller shows one drive at two places. */
export async function findDrives(session: Session, hostPath: string, serial: string): Promise<ErasableDrive[]> {
  const reader = await openReader(session);
  const host = await reader.resource({ '@odata.id': hostPath });
  const storages = await reader.members(host?.Storage, 2);
  throwPassing(reader.gaps);
  const drives = (await Promise.all(storages.map((one) => drivesOf(reader, one)))).flat();
  // One that can't be read for now may be another of the same number.
  throwPassing(reader.gaps);
  const wanted = drives.filter((one) => known(one.SerialNumber)?.toUpperCase() === serial.toUpperCase());
  return Promise.all(wanted.map((one) => drive(reader, one, serial)));
}

async function drivesOf(reader: Reader, storage: Json): Promise<Json[]> {
  const observed = list(storage.Drives);
  const whole = observed.filter(isReference).length > 1 ? await reader.expanded(storage, 1) : null;
  const drives = await Promise.all((whole ? list(whole.Drives) : observed).map((one) => reader.resource(one)));
  return drives.filter((one) => one !== null);
}

async function drive(reader: Reader, observed: Json, serial: string): Promise<ErasableDrive> {
  const action = valueAt(observed, 'Actions', '#Drive.SecureErase');
  const target = readText(valueAt(action, 'target'));
  const times = valueAt(action, '@Redfish.OperationApplyTimeSupport', 'SupportedValues');
  return {
    path: linkOf(observed) ?? '',
    serial,
    model: readText(observed.Model),
    erase:
      target === null
        ? null
        : { target, methods: await allowed(reader, action, 'SanitizationType'), applyTimes: strings(times) },
    operation: operationOf(observed),
  };
}

/**
 * What a drive says that it is busy with: by `Operation`, which took the place of `OperationName` in 2023, or by a
 * percentage or task alone. Some list an operation that is none of these when there is none.
 */
export function operationOf(observed: Json): string | null {
  const { Operations: all } = observed;
  for (const entry of Array.isArray(all) ? all : [all]) {
    const one = object(entry);
    const name = named(entry) ?? named(one.Operation) ?? named(one.OperationName);
    const percent = number(one.PercentageComplete);
    const runs = name !== null || (percent ?? 0) > 0 || linkOf(one.AssociatedTask) !== null;
    if (runs) return `${name ?? 'an operation without a name'} ${percent ?? '?'} %`;
  }
  return null;
}
