/**
 * How what is shown stays as things are: the API tells of every change, and while it cannot be heard, it is asked again and
 * again. Pages call `useLive`, and what they read says in its `meta` with which kinds of change it goes out of date.
 */
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { MachineSummary } from '../contract/api.ts';
import { type ChangeKind, changeKinds } from '../domain/changes.ts';
import type { MachineSlice } from './client.ts';
import { type MachineNews, patchPages } from './fleet/patch.ts';

/** Nothing is read before it is heard of changes, so that none falls in between; `asking` while none can be heard. */
type LiveState = 'opening' | 'following' | 'asking';

/** Of what comes at once, one drawing; and what is read again waits for a while for more. */
const [gatherMs, againMs, askMs, openingMs, maxReopenMs] = [250, 1000, 5000, 2000, 60_000];

const heard = new EventTarget();
let shown: LiveState = 'opening';

/** Whether changes are heard of, for all to see. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      heard.addEventListener('state', listener);
      return () => heard.removeEventListener('state', listener);
    },
    () => shown,
  );
}

/**
 * Follows what changes of the machines that a selector means, or only what is of some kinds, with commas between them; the
 * answer is for the options of each query of the page.
 */
export function useLive(selector = '', kinds = ''): { readonly enabled: boolean } {
  const client = useQueryClient();
  const [live, setLive] = useState<{ selector: string; state: LiveState }>({ selector, state: 'opening' });
  useEffect(
    () =>
      follow(client, { selector, kinds }, (state) => {
        setLive({ selector, state });
        shown = state;
        heard.dispatchEvent(new Event('state'));
      }),
    [client, selector, kinds],
  );
  return { enabled: live.selector === selector && live.state !== 'opening' };
}

/** What a query shows goes out of date with these. */
export const outOfDateWith = (...kinds: readonly ChangeKind[]) => ({ meta: { kinds } });
/** Of a list into which each change is written: it goes out of date only where changes were not heard. */
export const outOfDateUnheard = { meta: { kinds: ['unheard'] } };

interface Followed {
  readonly selector: string;
  readonly kinds: string;
}

function follow(client: QueryClient, { selector, kinds }: Followed, tell: (state: LiveState) => void): () => void {
  const timers = new Set<ReturnType<typeof setInterval>>();
  const every = (ms: number, work: () => void) => void timers.add(setInterval(work, ms));
  const news: MachineNews = new Map();
  const stale = new Set<string>();
  let state: LiveState = 'opening';
  let source: EventSource | null = null;
  let reopenMs = askMs;
  const become = (next: LiveState) => {
    if (next !== state) tell(next);
    state = next;
  };
  const refreshAll = () => {
    for (const kind of [...changeKinds, 'unheard']) stale.add(kind);
  };

  const open = () => {
    const wanted = Object.entries({ selector, kinds }).filter(([, value]) => value !== '');
    source = new EventSource(`/api/v1/changes${wanted.length > 0 ? `?${new URLSearchParams(wanted)}` : ''}`);
    source.addEventListener('ready', () => {
      // Where it went on from where it was, nothing was missed; where it began anew, nobody knows.
      if (state === 'asking') refreshAll();
      reopenMs = askMs;
      become('following');
    });
    source.addEventListener('reset', refreshAll);
    for (const kind of [...changeKinds, 'left'] as const)
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        const { id, machine } = JSON.parse(data) as { id: string; machine?: MachineSummary };
        if (kind === 'machine' || kind === 'left') news.set(id, machine ?? null);
        stale.add(kind === 'left' ? 'machine' : kind);
      });
    source.onerror = () => {
      become('asking');
      if (source?.readyState !== EventSource.CLOSED) return;
      setTimeout(() => source !== null && open(), reopenMs);
      reopenMs = Math.min(2 * reopenMs, maxReopenMs);
    };
  };

  open();
  every(gatherMs, () => {
    const queryKey = ['machines', selector];
    // A page that is being read is put beside those that were there when it was asked for: news in them would be lost.
    if (news.size === 0 || client.isFetching({ queryKey, exact: true }) > 0) return;
    client.setQueryData<InfiniteData<MachineSlice>>(queryKey, (data) =>
      data === undefined ? data : { ...data, pages: patchPages(data.pages, news) },
    );
    news.clear();
  });
  every(againMs, () => {
    if (stale.size === 0 || !refresh(client, [...stale])) return;
    stale.clear();
  });
  every(askMs, () => {
    if (state === 'asking' && !document.hidden) refreshAll();
  });
  setTimeout(() => state === 'opening' && source !== null && become('asking'), openingMs);
  return () => {
    for (const timer of timers) clearInterval(timer);
    source?.close();
    source = null;
  };
}

/** Reads again what is out of date with these kinds. False where some of it is being read now, and may be too old. */
function refresh(client: QueryClient, kinds: readonly string[]): boolean {
  const wanted = new Set(kinds);
  const concerned = client.getQueryCache().findAll({
    type: 'active',
    predicate: ({ meta }) =>
      (meta?.['kinds'] as readonly string[] | undefined)?.some((kind) => wanted.has(kind)) === true,
  });
  if (concerned.some(({ state }) => state.fetchStatus === 'fetching')) return false;
  for (const { queryKey, state } of concerned)
    if (state.data !== undefined) void client.invalidateQueries({ queryKey, exact: true });
  return true;
}
