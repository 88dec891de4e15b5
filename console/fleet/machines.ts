import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { readMachines } from '../client.ts';
import { outOfDateUnheard, useLive } from '../live.ts';

/** The first page is small, so that there is something to see at once. */
const firstPage = 200;
const furtherPage = 1000;

/** All machines that a selector means, which come a page at a time. */
export function useMachines(selector: string) {
  const live = useLive(selector);
  const query = useInfiniteQuery({
    queryKey: ['machines', selector],
    queryFn: ({ pageParam, signal }) =>
      readMachines({ selector, after: pageParam, limit: pageParam === null ? firstPage : furtherPage }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    ...outOfDateUnheard,
    ...live,
  });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const machines = useMemo(() => data?.pages.flatMap((page) => page.machines), [data]);
  const total = data?.pages.at(-1)?.total ?? null;
  return { query, machines, total };
}
