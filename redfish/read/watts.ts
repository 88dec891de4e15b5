import type { Sensor } from './sensors.ts';
import { inWords } from './values.ts';

/** Names of parts: what one of these draws is not what the machine draws. */
const ofParts =
  /\b(h?gpus?|hgx|nvlink|accelerators?|cpus?|processors?|dimms?|memory|dram|fans?|psus?|supply|supplies|drives?|dis[kc]s?|hdds?|ssds?|storage|backplanes?|pcie|risers?|nics?|module|socket|package|core|vr)\d*\b/i;
/** Words of what a machine may draw, or drew at some time, and does not draw now. */
const ofOtherTimes =
  /\b(caps?|limits?|max(imum)?|min(imum)?|peak|average|avg|budget|rated|allocated|available|threshold)\b/i;

/** Names of the reading that is the whole machine's draw, likeliest first; parts have power sensors of their own. */
const wholes = [
  /power consum/i,
  /system power control/i,
  /total.*power|power.*total/i,
  /\b(sys(tem)?|chassis|server|node)\d*\b.*(power|watt)/i,
  /\bpwr consum|power usage/i,
];

type Reading = Pick<Sensor, 'kind' | 'name' | 'value'> & Partial<Pick<Sensor, 'chassis'>>;

/** What the machine draws, in watts; null where no sensor says so. `cases`: ids of its cases, whose readings come first. */
export function wattsOf(sensors: readonly Reading[], cases: readonly string[] = []): number | null {
  const powers = sensors.filter(({ kind }) => kind === 'power');
  const own = powers
    .map((one) => ({ ...one, name: inWords(one.name) }))
    .filter(({ name }) => !ofParts.test(name) && !ofOtherTimes.test(name));
  const first = own.filter(({ chassis }) => chassis !== undefined && cases.includes(chassis));
  for (const some of [first, own]) {
    for (const name of wholes) {
      const found = some.find((one) => name.test(one.name));
      if (found) return found.value;
    }
  }
  return powers.length === 1 && own.length === 1 ? (own[0]?.value ?? null) : null;
}
