import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { readMachines } from '../client.ts';
import { live } from '../live.ts';

/** The first page is small, so that there is something to see at once. */
const firstPage = 200;
const furtherPage = 1000;

/** All machines that a selector means, which come a page at a time. */
export function useMachines(selector: string) {
  const query = useInfiniteQuery({
    queryKey: ['machines', selector],
    queryFn: ({ pageParam, signal }) =>
      readMachines({ selector, after: pageParam, limit: pageParam === null ? firstPage : furtherPage }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    ...live('large'),
    refetchInterval: ({ state }) => live((state.data?.pages.length ?? 0) > 2 ? 'large' : 'small').refetchInterval,
  });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const machines = useMemo(() => data?.pages.flatMap((page) => page.machines), [data]);
  // Until the last page is there, only the API can know how many there are.
  const counted = data?.pages[0]?.total ?? null;
  const total = hasNextPage ? counted : (machines?.length ?? null);
  return { query, machines, total };
}
