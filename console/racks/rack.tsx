import { useState } from 'react';
import type { MachineSummary, RackView } from '../../contract/api.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { useMachines } from '../fleet/machines.ts';
import { PagePart } from '../frame/part.tsx';
import { plainWord, shownName } from '../words.ts';
import { type Colouring, colourings, toneOf } from './tone.ts';

/** A rack's machines, live. */
export function RackPart({ rack }: { readonly rack: RackView }) {
  const { query, machines } = useMachines(`rack=${rack.id}`);
  const { error, dataUpdatedAt, refetch } = query;
  const [colouring, setColouring] = useState<Colouring>('stage');
  const places = [
    rack.row === null ? null : `row ${rack.row}`,
    rack.feed === null ? null : `feed ${rack.feed}`,
    rack.az === null ? null : `zone ${rack.az}`,
  ];
  return (
    <PagePart title={`Rack ${rack.id}`} query={{ data: machines, error, dataUpdatedAt, refetch }}>
      {(shown) => (
        <>
          <p className="quiet">{places.filter(Boolean).join(', ') || 'of no row, feed or zone'}</p>
          <label>
            Coloured by{' '}
            <select
              value={colouring}
              onChange={({ target }) => setColouring(colourings.find((one) => one === target.value) ?? 'stage')}
            >
              {colourings.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          <Elevation units={rack.units} machines={shown} colouring={colouring} />
        </>
      )}
    </PagePart>
  );
}

interface ElevationSpec {
  readonly units: number;
  readonly machines: readonly MachineSummary[];
  readonly colouring: Colouring;
}

/** Its units from the top down, as one stands before it. */
function Elevation({ units, machines, colouring }: ElevationSpec) {
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
              data-tone={toneOf(machine, colouring)}
            >
              {shownName(machine)}
              {machine.slot === null ? '' : ` (${machine.slot})`}: {describe(machine, colouring)}
            </PageLink>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** The colour in words, for those who don’t see it. */
function describe({ stage, opState, repairState, held }: MachineSummary, colouring: Colouring): string {
  if (held !== null) return `held, ${held}`;
  if (colouring === 'health') return repairState === 'none' ? 'healthy' : plainWord(repairState);
  return plainWord(colouring === 'stage' ? stage : opState);
}
