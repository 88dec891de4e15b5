import { useQuery } from '@tanstack/react-query';
import { addressWith, go, useAddress } from '../address.tsx';
import { readRacks } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith } from '../live.ts';
import { countOf } from '../words.ts';
import { Feeds, Switches } from './around.tsx';
import { fetchSwitches } from './asking.ts';
import { RackPart } from './rack.tsx';

/** One rack at a time, drawn as it stands there. */
export function RacksPage() {
  const address = useAddress();
  const racks = useQuery({
    queryKey: ['racks'],
    queryFn: ({ signal }) => readRacks(signal),
    ...outOfDateWith('machine'),
  });
  const switches = useQuery({
    queryKey: ['switches'],
    queryFn: ({ signal }) => fetchSwitches(signal),
    ...outOfDateWith('machine'),
  });
  const named = address.searchParams.get('rack');
  const rack = racks.data?.find(({ id }) => id === named) ?? (named === null ? racks.data?.[0] : undefined);
  return (
    <PageFrame title="Racks">
      <PagePart title="Which rack" query={racks}>
        {(all) =>
          all.length === 0 ? (
            <p className="empty">No rack is announced yet.</p>
          ) : (
            <label>
              Rack{' '}
              <select
                value={rack?.id ?? ''}
                onChange={({ target }) => go(addressWith(address, { rack: target.value }), 'replace')}
              >
                {rack === undefined && <option value="">{`there is no rack ${named}`}</option>}
                {all.map(({ id, machines, inService, held }) => (
                  <option key={id} value={id}>
                    {`${id}: ${countOf(machines, 'machine')}, ${inService} in service, ${held} held`}
                  </option>
                ))}
              </select>
            </label>
          )
        }
      </PagePart>
      {rack !== undefined && <RackPart key={rack.id} rack={rack} />}
      <PagePart title="Feeds and what hangs on them" query={racks}>
        {(all) => <Feeds racks={all} />}
      </PagePart>
      <PagePart title="Switches and what hangs on them" query={switches}>
        {(all) => <Switches switches={all} />}
      </PagePart>
    </PageFrame>
  );
}
