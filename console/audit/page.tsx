import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { addressWith, go, useAddress } from '../address.tsx';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { Field } from '../inbox/fields.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { countOf } from '../words.ts';
import { type AuditFilter, auditFilters, fetchAudit, fetchAuditState } from './asking.ts';
import { Chain } from './chain.tsx';
import { AuditEntries } from './entries.tsx';

const limit = 100;
/** Of most that is written into the audit no change is told. */
const quietMs = 15_000;

/** Who did what and why, and whether nothing of it was changed since. */
export function AuditPage() {
  const live = useLive('', 'order,question,ticket,campaign');
  const { searchParams } = useAddress();
  const filter = readFilter(searchParams);
  const state = useQuery({
    queryKey: ['audit-state'],
    queryFn: ({ signal }) => fetchAuditState(signal),
    refetchInterval: quietMs,
    ...outOfDateWith('order', 'question', 'ticket', 'campaign'),
    ...live,
  });
  const entries = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) => fetchAudit({ ...filter, limit, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : quietMs),
    ...live,
  });
  return (
    <PageFrame title="Who did what">
      <div className="parts">
        <PagePart title="The chain" query={state}>
          {(shown) => <Chain state={shown} />}
        </PagePart>
        <PagePart title="Entries, newest first" query={entries}>
          {({ pages }) => {
            const shown = pages.flatMap((page) => page.entries);
            return (
              <>
                <FilterForm key={JSON.stringify(filter)} filter={filter} />
                <p role="status">{`${shown.length.toLocaleString('en')} of ${countOf(pages[0]?.total ?? 0, 'entry', 'entries')}`}</p>
                {shown.length > 0 && <AuditEntries entries={shown} />}
                {entries.hasNextPage && (
                  <p>
                    <Button isDisabled={entries.isFetching} onPress={() => void entries.fetchNextPage()}>
                      Show older ones
                    </Button>
                  </p>
                )}
              </>
            );
          }}
        </PagePart>
      </div>
    </PageFrame>
  );
}

function readFilter(search: URLSearchParams): AuditFilter {
  return Object.fromEntries(auditFilters.flatMap((name) => (search.get(name) ? [[name, search.get(name)]] : [])));
}

const titles = {
  machine: 'Machine',
  order: 'Order',
  actor: 'Who',
  action: 'What, like order.* or brake.engage',
  from: 'From, like 2026-11-21T09:00:00Z',
  until: 'Until',
} as const satisfies Record<keyof AuditFilter, string>;

/** What is looked for; the address bar then holds it. */
function FilterForm({ filter }: { readonly filter: AuditFilter }) {
  const address = useAddress();
  const [texts, setTexts] = useState<AuditFilter>(filter);
  const apply = (event: FormEvent) => {
    event.preventDefault();
    go(addressWith(address, Object.fromEntries(auditFilters.map((name) => [name, texts[name]?.trim() ?? null]))));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a search element is not known to all that read pages aloud.
    <form className="filters" role="search" onSubmit={apply}>
      {auditFilters.map((name) => (
        <div key={name}>
          <Field
            title={titles[name]}
            field={{ type: 'string', maxLength: 253 }}
            isRequired={false}
            text={texts[name] ?? ''}
            onChange={(text) => setTexts({ ...texts, [name]: text })}
          />
        </div>
      ))}
      <Button type="submit">Show</Button>
    </form>
  );
}
