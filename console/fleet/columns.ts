/** What the fleet's table can show of a machine. Pure. */
import type { MachineSummary } from '../../contract/api.ts';
import { stages } from '../../domain/machine.ts';
import { formatAgo } from '../time.ts';
import { plainWord, shownName } from '../words.ts';

export interface FleetColumn {
  readonly key: string;
  readonly title: string;
  /** Of the width that there is, as of a grid's track. */
  readonly width: string;
  readonly text: (machine: MachineSummary, nowMs: number) => string;
  /** By which it is sorted; null comes last either way. Its text unless told. */
  readonly rank?: (machine: MachineSummary) => string | number | null;
}

const word = (value: string | null) => (value === null ? '–' : plainWord(value));
const known = (value: string | number | null) => (value === null ? '–' : String(value));
const timeOf = (value: string | null) => (value === null ? null : Date.parse(value));

/** What is done with it now. */
function describeWork({ passage, step, percent, steered }: MachineSummary): string {
  if (passage === null) return '–';
  const share = percent === null ? '' : ` ${Math.round(percent)} %`;
  return `${passage}${step === null ? '' : `: ${plainWord(step)}${share}`}${steered === null ? '' : `, ${steered}`}`;
}

export const fleetColumns: readonly FleetColumn[] = [
  { key: 'machine', title: 'Machine', width: 'minmax(10rem, 1.4fr)', text: shownName },
  {
    key: 'stage',
    title: 'Stage',
    width: 'minmax(7rem, 0.8fr)',
    text: ({ stage }) => word(stage),
    rank: ({ stage }) => stages.indexOf(stage),
  },
  { key: 'state', title: 'State', width: 'minmax(7rem, 0.8fr)', text: ({ opState }) => word(opState) },
  { key: 'boot', title: 'Boot state', width: 'minmax(6rem, 0.7fr)', text: ({ bootState }) => word(bootState) },
  { key: 'repair', title: 'Repair state', width: 'minmax(7rem, 0.8fr)', text: ({ repairState }) => word(repairState) },
  {
    key: 'rack',
    title: 'Rack',
    width: 'minmax(5rem, 0.5fr)',
    text: ({ rack }) => known(rack),
    rank: ({ rack }) => rack,
  },
  {
    key: 'unit',
    title: 'Unit',
    width: 'minmax(4rem, 0.4fr)',
    text: ({ unit }) => known(unit),
    rank: ({ unit }) => unit,
  },
  { key: 'pool', title: 'Pool', width: 'minmax(6rem, 0.6fr)', text: ({ pool }) => pool },
  { key: 'work', title: 'Work', width: 'minmax(10rem, 1.4fr)', text: describeWork, rank: ({ passage }) => passage },
  {
    key: 'held',
    title: 'Held',
    width: 'minmax(8rem, 1.2fr)',
    text: ({ held }) => known(held),
    rank: ({ held }) => held,
  },
  {
    key: 'since',
    title: 'Since',
    width: 'minmax(7rem, 0.7fr)',
    text: ({ since }, nowMs) => formatAgo(since, nowMs),
    rank: ({ since }) => timeOf(since),
  },
  {
    key: 'seen',
    title: 'Last seen',
    width: 'minmax(7rem, 0.7fr)',
    text: ({ lastSeenAt }, nowMs) => formatAgo(lastSeenAt, nowMs),
    rank: ({ lastSeenAt }) => timeOf(lastSeenAt),
  },
  { key: 'product', title: 'Product', width: 'minmax(8rem, 1fr)', text: ({ product }) => known(product) },
  { key: 'serial', title: 'Serial number', width: 'minmax(8rem, 1fr)', text: ({ serial }) => known(serial) },
  { key: 'address', title: 'Address', width: 'minmax(8rem, 0.8fr)', text: ({ address }) => known(address) },
  { key: 'mac', title: 'MAC', width: 'minmax(9rem, 0.8fr)', text: ({ mac }) => mac },
];

const usual = ['machine', 'stage', 'state', 'rack', 'unit', 'pool', 'work', 'held', 'since'];

/** Which columns the address bar names, in their own order; the usual ones where it names none. */
export function chooseColumns(keys: string | null): readonly FleetColumn[] {
  const named = new Set(keys?.split(','));
  const chosen = fleetColumns.filter(({ key }) => key === 'machine' || named.has(key));
  return keys === null ? fleetColumns.filter(({ key }) => usual.includes(key)) : chosen;
}
