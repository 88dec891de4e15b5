import type { MachineSummary } from '../../contract/api.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { plainWord, shownName } from '../words.ts';
import { type Colouring, type FirmwareFindings, toneOf } from './tone.ts';

interface ElevationSpec {
  readonly units: number;
  readonly machines: readonly MachineSummary[];
  readonly colouring: Colouring;
  readonly firmware: FirmwareFindings;
}

/** Its units from the top down, as one stands before it. */
export function Elevation({ units, machines, colouring, firmware }: ElevationSpec) {
  const byUnit = Map.groupBy(machines, ({ unit }) => unit ?? 0);
  const top = Math.max(units, ...byUnit.keys());
  return (
    <ol className="elevation" reversed>
      {Array.from({ length: top }, (_, index) => top - index).map((unit) => (
        <li key={unit} value={unit}>
          <span className="unit">{unit}</span>
          {(byUnit.get(unit) ?? []).map((machine) => (
            <PageLink
              key={machine.id}
              href={machineAddress(machine.id)}
              className="slot"
              data-tone={toneOf(machine, colouring, firmware)}
            >
              {shownName(machine)}
              {machine.slot === null ? '' : ` (${machine.slot})`}: {describe(machine, colouring, firmware)}
            </PageLink>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** The colour in words, for those who don’t see it. */
function describe(machine: MachineSummary, colouring: Colouring, firmware: FirmwareFindings): string {
  const { id, stage, opState, repairState, held } = machine;
  if (colouring === 'firmware') return describeFirmware(firmware, id);
  if (held !== null) return `held, ${held}`;
  if (colouring === 'health') return repairState === 'none' ? 'healthy' : plainWord(repairState);
  return plainWord(colouring === 'stage' ? stage : opState);
}

function describeFirmware(firmware: FirmwareFindings, id: string): string {
  if (firmware === null) return 'firmware not compared yet';
  const found = firmware.get(id);
  if (found === undefined) return 'firmware as wanted';
  return found === 'other' ? 'firmware other than wanted' : 'firmware not known';
}
