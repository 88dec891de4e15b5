import { normaliseSerial, normaliseUuid } from '../../mdb/identity.ts';
import { isLocallyAdministered } from '../../mdb/machine.ts';

export interface Factors {
  /** MAC that the machine boots from: unique in the MDB, so it counts even where it is locally administered. */
  readonly bootMac?: string;
  readonly uuid: string | null;
  readonly serials: readonly (string | null)[];
  readonly macs: readonly string[];
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
 * NIC's MAC), and none that both sides show contradicts. Fillers and locally administered MACs count as absent
 * (quirks 61 and 62).
 */
export function sameMachine(known: Factors, shown: Factors): IdentityVerdict {
  const matched: string[] = [];
  const knownUuid = normaliseUuid(known.uuid);
  const shownUuid = normaliseUuid(shown.uuid);
  if (knownUuid && shownUuid) {
    if (knownUuid !== shownUuid)
      return { same: false, other: true, reason: `its system UUID is ${shownUuid}, not ${knownUuid}` };
    matched.push('uuid');
  }
  const knownSerials = clean(known.serials);
  const shownSerials = clean(shown.serials);
  if (knownSerials.length > 0 && shownSerials.length > 0) {
    // A controller may show the board's serial where DMI shows the chassis's: one in common is enough, none is a doubt
    // that the other factors have to lift.
    if (knownSerials.some((serial) => shownSerials.includes(serial))) matched.push('serial');
    else if (matched.length === 0)
      return {
        same: false,
        other: true,
        reason: `its serial number is ${shownSerials.join('/')}, not ${knownSerials.join('/')}`,
      };
  }
  const macs = known.macs.filter((mac) => mac === known.bootMac || !isLocallyAdministered(mac));
  if (shown.macs.some((mac) => macs.includes(mac))) matched.push('mac');
  if (matched.length >= 2) return { same: true, matched };
  return {
    same: false,
    other: false,
    reason: `only ${matched.length === 0 ? 'nothing' : matched.join(', ')} of UUID, serial and MAC agrees, and two are needed`,
  };
}

function clean(serials: readonly (string | null)[]): string[] {
  return serials.flatMap((serial) => normaliseSerial(serial)?.toUpperCase() ?? []);
}
