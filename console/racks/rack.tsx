import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RackView } from '../../contract/api.ts';
import { PermitsPart } from '../calendar/semaphores.tsx';
import { useMachines } from '../fleet/machines.ts';
import { PagePart } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { outOfDateWith } from '../live.ts';
import { fetchFirmware } from './asking.ts';
import { Elevation } from './elevation.tsx';
import { Rear } from './rear.tsx';
import { type Colouring, colourings } from './tone.ts';

const sides = ['front', 'rear'] as const;
/** Of what the reconciler finds no change is told. */
const quietMs = 60_000;

/** A rack's machines, live; and who may be out of service in it. */
export function RackPart({ rack }: { readonly rack: RackView }) {
  const { query, machines } = useMachines(`rack=${rack.id}`);
  const { error, dataUpdatedAt, refetch } = query;
  const [colouring, setColouring] = useState<Colouring>('stage');
  const [side, setSide] = useState<(typeof sides)[number]>('front');
  const firmware = useQuery({
    queryKey: ['firmware', rack.id],
    queryFn: ({ signal }) => fetchFirmware(rack.id, signal),
    enabled: colouring === 'firmware',
    refetchInterval: quietMs,
    ...outOfDateWith('machine'),
  });
  const places = [
    rack.row === null ? null : `row ${rack.row}`,
    rack.feed === null ? null : `feed ${rack.feed}`,
    rack.az === null ? null : `zone ${rack.az}`,
  ];
  return (
    <div className="parts">
      <PagePart title={`Rack ${rack.id}`} query={{ data: machines, error, dataUpdatedAt, refetch }}>
        {(shown) => (
          <>
            <p className="quiet">{places.filter(Boolean).join(', ') || 'of no row, feed or zone'}</p>
            <div className="choices">
              <label>
                Seen from{' '}
                <select
                  value={side}
                  onChange={({ target }) => setSide(sides.find((one) => one === target.value) ?? 'front')}
                >
                  {sides.map((one) => (
                    <option key={one}>{one}</option>
                  ))}
                </select>
              </label>
              {side === 'front' && (
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
              )}
            </div>
            {colouring === 'firmware' && firmware.error !== null && <ProblemBox error={firmware.error} />}
            {side === 'front' ? (
              <Elevation {...{ units: rack.units, machines: shown, colouring }} firmware={firmware.data ?? null} />
            ) : (
              <Rear rack={rack} />
            )}
          </>
        )}
      </PagePart>
      <PermitsPart name={`reboot/rack=${rack.id}`} />
      <PermitsPart name={`drain/rack=${rack.id}`} />
    </div>
  );
}
