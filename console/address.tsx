/** The address bar is where the console keeps what is looked at: whoever is sent an address sees the same. */
import { type AnchorHTMLAttributes, type MouseEvent, useMemo, useSyncExternalStore } from 'react';

const moved = new EventTarget();

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  moved.addEventListener('moved', listener);
  return () => {
    removeEventListener('popstate', listener);
    moved.removeEventListener('moved', listener);
  };
}

/** Path and query as they stand in the address bar. */
export function useAddress(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href);
  return useMemo(() => new URL(href), [href]);
}

/** Shows another page, or the same one differently; `replace` leaves no way back to what was before. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  moved.dispatchEvent(new Event('moved'));
}

/** The same page with some of its query changed; what is empty goes. */
export function addressWith(address: URL, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(address.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const search = query.toString();
  return search === '' ? address.pathname : `${address.pathname}?${search}`;
}

/** A link to another page of the console; with a key held it opens elsewhere, as any link does. */
export function PageLink({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

export const machineAddress = (name: string) => `/machines/${encodeURIComponent(name)}`;
