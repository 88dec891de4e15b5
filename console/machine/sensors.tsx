import { lazy, Suspense } from 'react';
import type { HardwareView } from '../../contract/hardwareviews.ts';
import { useNow } from '../frame/now.ts';
import { formatAgo, formatTime } from '../time.ts';
import { countOf } from '../words.ts';
import { Table } from './table.tsx';

// Only this page draws one.
const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));

/** What it drew at its latest readings, and what its sensors showed at the last one. */
export function Sensors({ hardware: { power, sensors } }: { readonly hardware: HardwareView }) {
  const nowMs = useNow(10_000);
  const draws = power
    .flatMap(({ readAt, watts }) => (watts === null ? [] : [{ at: Date.parse(readAt), value: watts }]))
    .reverse();
  if (sensors === null) return <p className="quiet">Its sensors were never read yet.</p>;
  return (
    <>
      <p>
        {`Read ${formatAgo(sensors.readAt, nowMs)} (${formatTime(sensors.readAt)}): `}
        {sensors.watts === null ? 'its draw is not shown.' : `it drew ${Math.round(sensors.watts)} W.`}
      </p>
      {draws.length > 1 && (
        <Suspense fallback={<p className="quiet">Loading …</p>}>
          <Chart title="Power" unit="W" points={draws} />
        </Suspense>
      )}
      {sensors.sensors.length > 0 && (
        <>
          <p className="quiet">{countOf(sensors.sensors.length, 'sensor')}</p>
          <Table
            title="Sensors"
            head={['Sensor', 'Kind', 'Reading', 'Health', 'Chassis']}
            rows={sensors.sensors.map(({ chassis, name, kind, value, unit, health }) => ({
              key: `${chassis} ${kind} ${name}`,
              isMarked: health !== null && health !== 'OK',
              cells: [name, kind, `${value} ${unit}`, health ?? '–', chassis],
            }))}
          />
        </>
      )}
    </>
  );
}
