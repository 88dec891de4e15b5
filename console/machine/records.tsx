import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button } from 'react-aria-components/Button';
import { PagePart } from '../frame/part.tsx';
import { formatTime } from '../time.ts';
import { fetchBoots, fetchConsole, fetchEvents, fetchLogs } from './asking.ts';
import { BootsTable, ConsoleLines } from './kept.tsx';
import { Table } from './table.tsx';

/** Of what controllers tell no change is told. */
const quietMs = 60_000;

interface RecordsSpec {
  readonly name: string;
  readonly live: { readonly enabled: boolean };
}

/** What its controller logged and sent, the end of its console, and its boot requests: as kept, nothing is asked for it. */
export function RecordsParts({ name, live }: RecordsSpec) {
  const tail = useQuery({
    queryKey: ['console', name],
    queryFn: ({ signal }) => fetchConsole(name, signal),
    refetchInterval: quietMs,
    ...live,
  });
  const boots = useQuery({
    queryKey: ['boots', name],
    queryFn: ({ signal }) => fetchBoots(name, signal),
    refetchInterval: quietMs,
    ...live,
  });
  const logs = useTold(['logs', name], (after, signal) => fetchLogs(name, after, signal), live);
  const events = useTold(['events', name], (after, signal) => fetchEvents(name, after, signal), live);
  return (
    <>
      <PagePart title="Boot requests" query={boots}>
        {(shown) => <BootsTable boots={shown} />}
      </PagePart>
      <PagePart title="End of its console" query={tail}>
        {(shown) => <ConsoleLines tail={shown} />}
      </PagePart>
      <PagePart title="Its controller’s logs" query={logs}>
        {({ pages }) => (
          <>
            <ToldTable
              title="Its controller’s logs"
              head={['Severity', 'When, by the controller', 'Kept', 'Log', 'What it says']}
              rows={pages
                .flatMap(({ rows }) => rows)
                .map(({ id, severity, created, seenAt, log, message }) => ({
                  key: String(id),
                  isMarked: isBad(severity),
                  cells: [severity ?? '–', created ?? '–', formatTime(seenAt), log.split('/').at(-1), message ?? '–'],
                }))}
            />
            <Older of={logs} />
          </>
        )}
      </PagePart>
      <PagePart title="Events that it sent" query={events}>
        {({ pages }) => (
          <>
            <ToldTable
              title="Events that it sent"
              head={['Severity', 'When, by the controller', 'Received', 'About', 'What it says']}
              rows={pages
                .flatMap(({ rows }) => rows)
                .map(({ id, severity, eventTime, receivedAt, origin, message }) => ({
                  key: String(id),
                  isMarked: isBad(severity),
                  cells: [severity ?? '–', eventTime ?? '–', formatTime(receivedAt), origin ?? '–', message ?? '–'],
                }))}
            />
            <Older of={events} />
          </>
        )}
      </PagePart>
    </>
  );
}

const isBad = (severity: string | null) => /^(warning|critical)$/i.test(severity ?? '');

function ToldTable(spec: Parameters<typeof Table>[0]) {
  return spec.rows.length === 0 ? <p className="quiet">Nothing is kept yet.</p> : <Table {...spec} />;
}

/** What comes a page at a time, newest first. */
function useTold<T>(
  queryKey: readonly string[],
  read: (after: string | null, signal: AbortSignal) => Promise<{ rows: readonly T[]; next: string | null }>,
  live: RecordsSpec['live'],
) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    ...live,
  });
}

interface OlderSpec {
  readonly of: Pick<ReturnType<typeof useTold>, 'hasNextPage' | 'isFetching' | 'fetchNextPage'>;
}

function Older({ of: { hasNextPage, isFetching, fetchNextPage } }: OlderSpec) {
  if (!hasNextPage) return null;
  return (
    <p>
      <Button isDisabled={isFetching} onPress={() => void fetchNextPage()}>
        Show older ones
      </Button>
    </p>
  );
}
