import { useMemo } from 'react';
import { consolePages } from '../../contract/pages.ts';
import { addressWith, go, PageLink, useAddress } from '../address.tsx';
import { PageFrame } from '../frame/page.tsx';
import { AsOf } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { countOf } from '../words.ts';
import { ColumnMenu } from './columnmenu.tsx';
import { chooseColumns } from './columns.ts';
import { useMachines } from './machines.ts';
import { SavedViews } from './savedviews.tsx';
import { SelectorBox } from './selectorbox.tsx';
import { readSort, sortMachines } from './sort.ts';
import { FleetTable } from './table.tsx';

/** All machines, or those that a selector means, in one table. */
export function FleetPage() {
  const address = useAddress();
  const selector = address.searchParams.get('selector') ?? '';
  const sorted = address.searchParams.get('sort');
  const named = address.searchParams.get('columns');
  const { query, machines, total } = useMachines(selector);
  const sort = useMemo(() => readSort(sorted), [sorted]);
  const columns = useMemo(() => chooseColumns(named), [named]);
  const rows = useMemo(() => sortMachines(machines ?? [], sort), [machines, sort]);
  const change = (changes: Readonly<Record<string, string | null>>) => go(addressWith(address, changes), 'replace');
  const { error, dataUpdatedAt, refetch } = query;
  return (
    <PageFrame title="Fleet">
      <div className="fleet-bar">
        <SelectorBox key={selector} selector={selector} />
        <SavedViews />
        <ColumnMenu columns={columns} onChange={(keys) => change({ columns: keys.join(',') })} />
      </div>
      <div className="part-head">
        <p role="status">{machines && error === null ? describeCount(rows.length, total, selector) : ''}</p>
        {total !== null && total > 0 && (
          <PageLink href={`${consolePages.order}?selector=${encodeURIComponent(selector || 'all')}`}>
            {`Order for ${total === 1 ? 'it' : `all ${total.toLocaleString('en')} of them`} …`}
          </PageLink>
        )}
        <AsOf at={dataUpdatedAt} />
      </div>
      {error !== null && <ProblemBox error={error} onRetry={() => void refetch()} />}
      {machines === undefined && error === null && <p className="quiet">Loading machines …</p>}
      {machines !== undefined && rows.length === 0 && <Nobody selector={selector} />}
      {rows.length > 0 && <FleetTable {...{ rows, total, columns, sort }} onSort={(next) => change({ sort: next })} />}
    </PageFrame>
  );
}

function describeCount(shown: number, total: number | null, selector: string): string {
  const which = selector === '' ? '' : ` match${shown === 1 ? 'es' : ''} ${selector}`;
  if (total === null) return `${countOf(shown, 'machine')} so far`;
  return shown < total
    ? `${shown.toLocaleString('en')} of ${countOf(total, 'machine')}`
    : `${countOf(total, 'machine')}${which}`;
}

function Nobody({ selector }: { readonly selector: string }) {
  if (selector !== '') return <p className="empty">No machine matches {selector}.</p>;
  return (
    <p className="empty">
      There is no machine yet. A machine comes here when it boots in a network that Farrier serves, or when it is
      announced.
    </p>
  );
}
