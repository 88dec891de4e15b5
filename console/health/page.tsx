import { useQuery } from '@tanstack/react-query';
import { addressWith, go, useAddress } from '../address.tsx';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { fetchConformance, fetchConsumption, fetchFindings, fetchHealth, fetchMending } from './asking.ts';
import { Conformance } from './conformance.tsx';
import { ConsumptionTables, Draws } from './consumption.tsx';
import { FindingList } from './findings.tsx';
import { MendingTimes } from './mending.tsx';
import { RackHealth, States } from './states.tsx';

/** What is summed over the fleet changes with everything; once in a while is often enough. */
const quietMs = 30_000;
const spans = [7, 30, 90, 366] as const;

/** How well the fleet is: what needs somebody, states, conformance, what it takes, and how long mending took. */
export function HealthPage() {
  const live = useLive('', 'ticket,campaign');
  const { searchParams } = useAddress();
  const days = spans.find((one) => String(one) === searchParams.get('days')) ?? 30;
  const rack = searchParams.get('rack') ?? '';
  const findings = useSum(['findings'], fetchFindings, live);
  const health = useSum(['health'], fetchHealth, live);
  const mending = useSum(['mending', days], (signal) => fetchMending(days, signal), live);
  const conformance = useSum(['conformance'], fetchConformance, live);
  const consumption = useSum(['consumption'], (signal) => fetchConsumption('', signal), live);
  return (
    <PageFrame title="Health of the fleet">
      <div className="parts">
        <PagePart title="What a person should see to" query={findings}>
          {(shown) => <FindingList findings={shown} />}
        </PagePart>
        <PagePart title="How machines are" query={health}>
          {(shown) => <RackHealth view={shown} />}
        </PagePart>
        <PagePart title="States" query={mending}>
          {({ states }) => <States states={states} />}
        </PagePart>
        <PagePart title="How long it took" query={mending}>
          {({ repairs }) => (
            <>
              <Span days={days} />
              <MendingTimes repairs={repairs} />
            </>
          )}
        </PagePart>
        <PagePart title="Conformance" query={conformance}>
          {(shown) => <Conformance view={shown} />}
        </PagePart>
        <PagePart title="Power and room" query={consumption}>
          {(shown) => <ConsumptionTables view={shown} />}
        </PagePart>
        {rack !== '' && <Draws key={rack} rack={rack} live={live} />}
      </div>
    </PageFrame>
  );
}

function useSum<T>(
  queryKey: readonly unknown[],
  read: (signal: AbortSignal) => Promise<T>,
  live: { readonly enabled: boolean },
) {
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => read(signal),
    refetchInterval: quietMs,
    ...outOfDateWith('ticket'),
    ...live,
  });
}

/** Of how many days the repairs are counted. */
function Span({ days }: { readonly days: number }) {
  const address = useAddress();
  return (
    <label>
      Within{' '}
      <select value={days} onChange={({ target }) => go(addressWith(address, { days: target.value }), 'replace')}>
        {spans.map((one) => (
          <option key={one} value={one}>{`${one} days`}</option>
        ))}
      </select>
    </label>
  );
}
