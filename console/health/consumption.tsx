import { useQuery } from '@tanstack/react-query';
import type { ConsumptionView } from '../../contract/fleetschemas.ts';
import { addressWith, machineAddress, PageLink, useAddress } from '../address.tsx';
import { useNow } from '../frame/now.ts';
import { PagePart } from '../frame/part.tsx';
import { Table } from '../machine/table.tsx';
import { formatAgo } from '../time.ts';
import { countOf, shownName } from '../words.ts';
import { fetchConsumption } from './asking.ts';

const formatWatts = (watts: number) => (watts >= 10_000 ? `${(watts / 1000).toFixed(1)} kW` : `${Math.round(watts)} W`);
const formatMemory = (mib: number) =>
  mib >= 1_048_576 ? `${(mib / 1_048_576).toFixed(1)} TiB` : `${Math.round(mib / 1024)} GiB`;

/** What is drawn and taken up, rack by rack, the hungriest first; each leads to its machines. */
export function ConsumptionTables({ view: { watts, racks } }: { readonly view: ConsumptionView }) {
  const address = useAddress();
  const read = racks.reduce((sum, rack) => sum + rack.read, 0);
  const machines = racks.reduce((sum, rack) => sum + rack.machines, 0);
  return (
    <>
      <p role="status">
        {`${formatWatts(watts)} drawn by ${countOf(read, 'machine')}; of ${(machines - read).toLocaleString('en')} it is not known.`}
      </p>
      <Table
        title="Power and room by rack"
        head={['Rack', 'Draws', 'A machine', 'Read of', 'Units in use', 'Cores', 'Memory']}
        rows={racks
          .toSorted((one, other) => other.watts - one.watts)
          .map((rack) => ({
            key: rack.rack ?? '',
            cells: [
              rack.rack === null ? (
                'no rack'
              ) : (
                <PageLink key="rack" href={addressWith(address, { rack: rack.rack })}>
                  {rack.rack}
                </PageLink>
              ),
              rack.read === 0 ? '–' : formatWatts(rack.watts),
              rack.read === 0 ? '–' : formatWatts(rack.watts / rack.read),
              `${rack.read} of ${rack.machines}`,
              rack.units === null ? '–' : `${rack.unitsUsed} of ${rack.units}`,
              rack.cores === 0 ? '–' : rack.cores,
              rack.memoryMib === 0 ? '–' : formatMemory(rack.memoryMib),
            ],
          }))}
      />
    </>
  );
}

interface DrawsSpec {
  readonly rack: string;
  readonly live: { readonly enabled: boolean };
}

/** What each machine of a rack draws, and as of when. */
export function Draws({ rack, live }: DrawsSpec) {
  const nowMs = useNow(10_000);
  const draws = useQuery({
    queryKey: ['consumption', rack],
    queryFn: ({ signal }) => fetchConsumption(rack, signal),
    ...live,
  });
  return (
    <PagePart title={`Power in rack ${rack}`} query={draws}>
      {({ machines }) => (
        <Table
          title={`Power in rack ${rack}`}
          head={['Machine', 'Unit', 'Draws', 'As of']}
          rows={(machines ?? []).map((one) => ({
            key: one.machineId,
            cells: [
              <PageLink key="machine" href={machineAddress(one.machineId)}>
                {shownName({ id: one.machineId, hostname: one.hostname })}
              </PageLink>,
              one.unit ?? '–',
              one.watts === null ? '–' : formatWatts(one.watts),
              formatAgo(one.readAt, nowMs),
            ],
          }))}
        />
      )}
    </PagePart>
  );
}
