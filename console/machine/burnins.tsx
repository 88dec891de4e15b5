import type { BurninView } from '../../contract/api.ts';
import { formatSpan, formatTime } from '../time.ts';
import { Table } from './table.tsx';

type BurninPart = BurninView['parts'][number];

/** Its latest burn-in, each figure beside the median of others of its product; the verdicts of those before. */
export function Burnins({ burnins }: { readonly burnins: readonly BurninView[] }) {
  const [latest, ...before] = burnins;
  if (latest === undefined) return <p className="quiet">It has had no burn-in yet.</p>;
  return (
    <>
      <p>{describeBurnin(latest)}</p>
      <Table
        title="Latest burn-in"
        head={['Part', 'Kind', 'Device', 'Result', 'Figure', 'Peers’ median', 'Took', 'What it says']}
        rows={latest.parts.map((part) => ({
          key: `${part.subject} ${part.kind} ${part.device}`,
          isMarked: !part.ok,
          cells: [
            part.subject,
            part.kind,
            part.device,
            part.ok ? 'well' : 'failed',
            part.value === null ? '–' : formatFigure(part.value, part.unit),
            describePeers(part),
            formatSpan(part.seconds),
            part.message ?? '–',
          ],
        }))}
      />
      {before.length > 0 && (
        <ul className="findings">
          {before.map((one) => (
            <li key={one.id}>{describeBurnin(one)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function describeBurnin({ startedAt, endedAt, progress, verdict, finding, cut, profile }: BurninView): string {
  const how = endedAt === null ? `at ${Math.round(progress)} %` : `ended ${formatTime(endedAt)}`;
  const said = [how, verdict, finding, cut ? 'cut short' : null, profile === null ? null : `profile ${profile}`];
  return `Burn-in of ${formatTime(startedAt)}: ${said.filter((one) => one !== null).join(', ')}`;
}

const formatFigure = (value: number, unit: string | null) => `${Number(value.toPrecision(4))} ${unit ?? ''}`.trim();

/** `120 MB/s of 39, 96 %`: the median of so many, and what share of it this one reached. */
function describePeers({ value, unit, peers }: BurninPart): string {
  if (peers === null || value === null) return '–';
  if (peers.median === null) return 'no peer yet';
  const share = peers.median === 0 ? '' : `, this is ${Math.round((100 * value) / peers.median)} % of it`;
  return `${formatFigure(peers.median, unit)} of ${peers.count}${share}`;
}
