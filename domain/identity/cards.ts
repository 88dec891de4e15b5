/** Network cards that tell no machine from another, and those that moved. */
import { isLocallyAdministered } from '../machine.ts';

export interface CardObserved {
  readonly mac: string;
  readonly name: string;
  readonly driver: string | null;
}

/** By its driver or name, or because it was on more than two machines: a card that moves is not moved on at once. */
export function isSharedCard(card: CardObserved, machineId: string, movedFrom: string | null): boolean {
  if (isLocallyAdministered(card.mac) || isOnUsb(card)) return true;
  return movedFrom !== null && movedFrom !== machineId;
}

function isOnUsb({ driver, name }: CardObserved): boolean {
  return /^(cdc_|rndis|usbnet)/.test(driver ?? '') || /^usb\d/.test(name);
}

export function describeShared({ name, mac }: Pick<CardObserved, 'name' | 'mac'>): string {
  return `nic ${name} has the MAC ${mac}, which other machines show too: left out`;
}

export function describeMove(mac: string, from: string, to: string): string {
  return `the card with the MAC ${mac} was in ${from} and is in ${to} now`;
}

/** That a value is not one machine's alone. */
export function describeTwin(what: string, value: string | null, others: readonly string[]): string {
  return `its ${what} ${value} is also that of ${others.join(', ')}: it tells neither from the other`;
}
