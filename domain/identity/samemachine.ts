import { isLocallyAdministered } from '../machine.ts';
import { isSameSerial, isSameUuid, normaliseSerial, normaliseUuid } from './identity.ts';

export interface Factors {
  /** MAC that the machine boots from: unique in the MDB, so it counts even where it is locally administered. */
  readonly bootMac?: string;
  readonly uuid: string | null;
  readonly serials: readonly (string | null)[];
  readonly macs: readonly string[];
  /** MACs of the controller itself. */
  readonly bmcMacs?: readonly string[];
}

export type IdentityVerdict =
  | { readonly same: true; readonly matched: readonly string[] }
  | {
      readonly same: false;
      readonly reason: string;
      /** A factor contradicts: it is another machine for certain. */
      readonly other: boolean;
    };

/**
 * Whether the device is the machine meant: at least two independent factors agree (system UUID, a serial number, a
 * NIC's MAC, a second NIC's, the controller's own MAC), and none that both sides show contradicts. Fillers and locally
 * administered MACs count as absent (quirks 61 and 62).
 */
export function sameMachine(known: Factors, observed: Factors): IdentityVerdict {
  const matched: string[] = [];
  const knownUuid = normaliseUuid(known.uuid);
  const observedUuid = normaliseUuid(observed.uuid);
  if (knownUuid && observedUuid) {
    if (!isSameUuid(knownUuid, observedUuid))
      return { same: false, other: true, reason: `its system UUID is ${observedUuid}, not ${knownUuid}` };
    matched.push('uuid');
  }
  const [knownSerials, shownSerials] = [cleanSerials(known.serials), cleanSerials(observed.serials)];
  const serials = knownSerials.length > 0 && shownSerials.length > 0;
  if (serials && haveCommonSerial(knownSerials, shownSerials)) matched.push('serial');
  // A controller may show the board's serial where DMI shows the chassis's: one in common is enough, none is a doubt
  // that the other factors have to lift.
  const doubt = serials && !matched.includes('serial');
  matched.push(...matchMacs(known, observed));
  if (matched.length >= 2) return { same: true, matched };
  const differs = doubt ? `its serial number is ${shownSerials.join('/')}, not ${knownSerials.join('/')}` : null;
  if (differs && matched.length === 0) return { same: false, other: true, reason: differs };
  const few = `only ${matched[0] ?? 'nothing'} of ${factorNames} agrees, and two are needed`;
  return { same: false, other: false, reason: differs ? `${few}; ${differs}` : few };
}

/**
 * Which of several systems of a controller is the machine, by its UUID or a serial number; two systems of one case share
 * their serial number, and are told apart by the UUID. Whether it really is the machine is for `sameMachine`.
 */
export function isSystemOf(known: KnownSystem): (system: SystemObserved) => boolean {
  const uuid = normaliseUuid(known.uuid);
  const serials = cleanSerials([known.serial, known.boardSerial, known.sku]);
  return (system) => {
    const found = normaliseUuid(textOf(system['UUID']));
    if (uuid !== null && found !== null) return isSameUuid(uuid, found);
    return haveCommonSerial(serials, cleanSerials([textOf(system['SerialNumber']), textOf(system['SKU'])]));
  };
}

type KnownSystem = Readonly<Record<'uuid' | 'serial' | 'boardSerial' | 'sku', string | null>>;
type SystemObserved = Readonly<Record<string, unknown>>;
const textOf = (value: unknown) => (typeof value === 'string' ? value : null);

const factorNames = "UUID, serial, NICs' MACs and the controller's MAC";

/** A second MAC counts too: two cards that both moved to one other machine are no accident. */
function matchMacs(known: Factors, observed: Factors): string[] {
  const counts = (mac: string) => mac === known.bootMac || !isLocallyAdministered(mac);
  const macs = new Set(known.macs.filter(counts));
  const common = [...new Set(observed.macs)].filter((mac) => macs.has(mac));
  const own = (known.bmcMacs ?? []).filter((mac) => !isLocallyAdministered(mac));
  const bmc = (observed.bmcMacs ?? []).some((mac) => own.includes(mac));
  return [
    ...(common.length > 0 ? ['mac'] : []),
    ...(common.length > 1 ? ['second mac'] : []),
    ...(bmc ? ['bmc mac'] : []),
  ];
}

/** Serial numbers without fillers. */
export function cleanSerials(serials: readonly (string | null)[]): string[] {
  return serials.flatMap((serial) => normaliseSerial(serial) ?? []);
}

function haveCommonSerial(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.some((other) => isSameSerial(one, other)));
}
