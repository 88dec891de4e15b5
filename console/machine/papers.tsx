import { useQuery } from '@tanstack/react-query';
import { consolePages } from '../../contract/pages.ts';
import type { TicketView } from '../../contract/tickets.ts';
import { PageLink } from '../address.tsx';
import { AuditEntries } from '../audit/entries.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith } from '../live.ts';
import { formatTime } from '../time.ts';
import { fetchAuditOf, fetchTickets } from './asking.ts';
import { Table } from './table.tsx';

/** Of what is written into the audit no change is told. */
const quietMs = 30_000;

interface PapersSpec {
  readonly name: string;
  readonly live: { readonly enabled: boolean };
}

/** What was wrong with it and who was told; who did what to it and why. */
export function PapersParts({ name, live }: PapersSpec) {
  const tickets = useQuery({
    queryKey: ['tickets', name],
    queryFn: ({ signal }) => fetchTickets(name, signal),
    ...outOfDateWith('ticket'),
    ...live,
  });
  const audit = useQuery({
    queryKey: ['audit-of', name],
    queryFn: ({ signal }) => fetchAuditOf(name, signal),
    refetchInterval: quietMs,
    ...outOfDateWith('order', 'ticket', 'question', 'machine'),
    ...live,
  });
  return (
    <>
      <PagePart title="Tickets" query={tickets}>
        {(shown) => <TicketRows tickets={shown} />}
      </PagePart>
      <PagePart title="Who did what" query={audit}>
        {(entries) =>
          entries.length === 0 ? (
            <p className="quiet">Nobody has done anything to it yet.</p>
          ) : (
            <>
              <AuditEntries entries={entries} />
              <p>
                <PageLink href={`${consolePages.audit}?machine=${encodeURIComponent(name)}`}>All of it</PageLink>
              </p>
            </>
          )
        }
      </PagePart>
    </>
  );
}

function TicketRows({ tickets }: { readonly tickets: readonly TicketView[] }) {
  if (tickets.length === 0) return <p className="quiet">There was no ticket of it yet.</p>;
  return (
    <Table
      title="Tickets"
      head={['Ticket', 'What is wrong', 'Team', 'Opened', 'Closed', 'Elsewhere']}
      rows={tickets.map(({ id, title, owner, openedAt, closedAt, closedBy, closedWhy, url, outsideId }) => ({
        key: id,
        isMarked: closedAt === null,
        cells: [
          id,
          title,
          owner,
          formatTime(openedAt),
          closedAt === null ? 'open' : `${formatTime(closedAt)} by ${closedBy ?? 'nobody'}: ${closedWhy ?? '–'}`,
          url === null ? (outsideId ?? '–') : <Elsewhere key="url" url={url} name={outsideId ?? url} />,
        ],
      }))}
    />
  );
}

/** A ticket system’s address is followed only where it is one of the web. */
function Elsewhere({ url, name }: { readonly url: string; readonly name: string }) {
  if (!/^https?:\/\//.test(url)) return name;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {name}
    </a>
  );
}
