import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { SemaphoreView } from '../../contract/permitviews.ts';
import { useNow } from '../frame/now.ts';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith } from '../live.ts';
import { Table } from '../machine/table.tsx';
import { formatAgo } from '../time.ts';
import { fetchSemaphore } from './asking.ts';
import { PermitTables } from './permits.tsx';

/** `semaphore/reboot/rack=A01` is `reboot/rack=A01` to people. */
const shortName = (id: string) => id.replace(/^semaphore\//, '');

/** How many machines of each group are out of service by a permit, and who waits. */
export function Semaphores({ semaphores }: { readonly semaphores: readonly SemaphoreView[] }) {
  const nowMs = useNow(10_000);
  const [opened, setOpened] = useState<string | null>(null);
  if (semaphores.length === 0) return <p className="quiet">Nobody has asked for a permit yet.</p>;
  return (
    <>
      <Table
        title="Semaphores"
        head={['Semaphore', 'Held', 'Of', 'Waiting', 'Overdue', 'Oldest', 'Why they wait']}
        rows={semaphores.map(({ id, held, capacity, waiting, overdue, oldest, gate, gateUntil }) => ({
          key: id,
          isMarked: overdue > 0,
          cells: [
            <Button key="name" aria-expanded={opened === id} onPress={() => setOpened(opened === id ? null : id)}>
              {shortName(id)}
            </Button>,
            ...[held, capacity ?? '–', waiting, overdue],
            oldest === null ? '–' : formatAgo(oldest, nowMs),
            gate === null ? '–' : `${gate}${gateUntil === null ? '' : `, until ${formatAgo(gateUntil, nowMs)}`}`,
          ],
        }))}
      />
      {opened !== null && <PermitsPart key={opened} name={shortName(opened)} />}
    </>
  );
}

/** Who holds the permits of one semaphore, and who waits for them. */
export function PermitsPart({ name }: { readonly name: string }) {
  const semaphore = useQuery({
    queryKey: ['semaphore', name],
    queryFn: ({ signal }) => fetchSemaphore(name, signal),
    ...outOfDateWith('permit'),
  });
  return (
    <PagePart title={`Permits of ${name}`} query={semaphore}>
      {(detail) => <PermitTables detail={detail} />}
    </PagePart>
  );
}
