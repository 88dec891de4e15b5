/** Birth from a controller's address alone: who is behind it, and what is done then. Pure. */
import { cleanText, normaliseSerial, normaliseUuid } from './identity/identity.ts';
import { isLocallyAdministered, machineIdOf } from './machine.ts';

/** What somebody who adopts says of the machine. */
export interface AdoptionRequest {
  /** MAC of the port that it boots from, where its controller shows none or not the right one first. */
  readonly mac: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly slot: string | null;
  /** Whether a machine that is on may be restarted. */
  readonly restart: boolean;
}

/** What a controller shows of its machine, and which command would boot the network. */
export interface AdoptionLook {
  readonly vendor: string | null;
  readonly product: string | null;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly boardSerial: string | null;
  readonly sku: string | null;
  readonly macs: readonly string[];
  readonly bmcMacs: readonly string[];
  readonly power: string | null;
  /** SHA-256 of the public key of its certificate; null without TLS. */
  readonly key: string | null;
  readonly command: Readonly<Record<string, unknown>>;
}

/** Looked at, or why it could not be. */
export type AdoptionSeen = { readonly look: AdoptionLook } | { readonly why: string };

/** The machine as it is written. */
export interface AdoptedMachine {
  readonly id: string;
  readonly mac: string;
  readonly macs: readonly string[];
  readonly bmcMac: string | null;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly boardSerial: string | null;
  readonly sku: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
}

export const adoptionStates = ['waiting', 'planned', 'adopted', 'refused'] as const;

/** The machine that was found there, or why it cannot be taken. */
export function judgeAdoption(
  look: AdoptionLook,
  { mac, restart }: AdoptionRequest,
): AdoptedMachine | { readonly why: string } {
  const uuid = normaliseUuid(look.uuid);
  const serial = normaliseSerial(look.serial);
  const universal = look.macs.filter((one) => !isLocallyAdministered(one));
  // Those that no factory gave may be the same on every machine of a kind; virtual machines have no others.
  const macs = universal.length > 0 ? universal : look.macs;
  const boots = mac ?? macs[0];
  if (boots === undefined) return { why: 'its controller shows no MAC of it: give the one that it boots from' };
  if (mac !== null && macs.length > 0 && !look.macs.includes(mac))
    return { why: `its controller shows ${macs.join(', ')}, and not the MAC ${mac}` };
  const factors = [uuid, serial ?? normaliseSerial(look.boardSerial), universal[0] ?? null, universal[1] ?? null];
  // One that could not be told from another at the next look would never be acted on.
  if (factors.filter((one) => one !== null).length < 2)
    return { why: 'its controller shows too little to know it again by two factors: announce it, and let it boot' };
  if (look.power !== 'Off' && !restart)
    return { why: `its power is ${look.power ?? 'not told'}: say that it may be restarted if it may` };
  return {
    ...{
      id: machineIdOf(boots),
      mac: boots,
      macs: [...new Set([boots, ...macs])],
      bmcMac: look.bmcMacs.find((one) => !isLocallyAdministered(one)) ?? null,
    },
    ...{ uuid, serial, boardSerial: normaliseSerial(look.boardSerial), sku: cleanText(look.sku) },
    ...{ vendor: cleanText(look.vendor), product: cleanText(look.product) },
  };
}

/** What is done, in order, a sentence each. */
export function describeAdoption(machine: AdoptedMachine, origin: string, look: AdoptionLook): string[] {
  const who = [machine.vendor, machine.product, machine.serial && `serial ${machine.serial}`].filter(
    (one) => one !== null,
  );
  return [
    `announce ${machine.id}: ${who.join(' ') || 'it shows no name'}, MAC ${machine.macs.join(', ')}`,
    `keep ${origin} as its controller${look.key === null ? '' : `, whose certificate has the key ${look.key}`}`,
    `order its birth, which sends ${JSON.stringify(look.command)}`,
  ];
}
