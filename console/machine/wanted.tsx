import type { DriftList, DriftView, ProfileView } from '../../contract/driftschemas.ts';
import { useNow } from '../frame/now.ts';
import { formatAgo } from '../time.ts';
import { Table } from './table.tsx';

interface WantedSpec {
  readonly profile: string | null;
  readonly drift: DriftList;
  readonly wants: ProfileView | null;
}

/** What its profile wants, beside what was found when it was last compared. */
export function WantedTable({ profile, drift: { drifts, summary }, wants }: WantedSpec) {
  const nowMs = useNow(10_000);
  if (profile === null || wants === null)
    return <p className="quiet">It has no profile yet, so nothing is wanted of it.</p>;
  const rows = rowsOfWishes(wants, drifts);
  const compared = summary.comparedAt === null ? 'never yet' : formatAgo(summary.comparedAt, nowMs);
  return (
    <>
      <p className="quiet">{`Profile ${profile}; compared ${compared}.`}</p>
      {rows.length === 0 ? (
        <p>The profile wants nothing of its firmware, its BIOS or its parts, and nothing else is different.</p>
      ) : (
        <Table
          title="Firmware and BIOS against its profile"
          head={['Kind', 'Name', 'Wanted', 'Found', 'Since', 'Note']}
          rows={rows.map(({ kind, name, want, drift }) => ({
            key: `${kind} ${name}`,
            isMarked: drift !== null,
            cells: [
              kind,
              name,
              want,
              drift === null
                ? summary.comparedAt === null
                  ? 'not compared yet'
                  : 'as wanted'
                : (drift.have ?? 'not known'),
              drift === null ? '–' : formatAgo(drift.unknownSince ?? drift.since, nowMs),
              [drift?.note, drift?.campaign ? `campaign ${drift.campaign}` : null].filter(Boolean).join('; ') || '–',
            ],
          }))}
        />
      )}
    </>
  );
}

interface WishRow {
  readonly kind: string;
  readonly name: string;
  readonly want: string;
  readonly drift: DriftView | null;
}

/** Everything that is wanted, and what is different besides; `*` is a whole kind of which nothing is known. */
function rowsOfWishes({ firmware, bios, hardware }: ProfileView, drifts: readonly DriftView[]): WishRow[] {
  const wishes = [
    ...Object.entries(firmware).map(([name, { version }]) => ['firmware', name, version] as const),
    ...Object.entries(bios).map(([name, value]) => ['bios', name, String(value)] as const),
    ...Object.entries(hardware).map(([name, count]) => ['hardware', name, `at least ${count}`] as const),
  ];
  const find = (kind: string, name: string) =>
    drifts.find((one) => one.kind === kind && (one.name === name || one.name === '*')) ?? null;
  const rows = wishes.map(([kind, name, want]) => ({ kind, name, want, drift: find(kind, name) }));
  const told = new Set(rows.map(({ drift }) => drift));
  const rest = drifts.filter((one) => !told.has(one));
  return [...rows, ...rest.map((one) => ({ kind: one.kind, name: one.name, want: one.want, drift: one }))];
}
