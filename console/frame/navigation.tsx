import { useState } from 'react';
import { consolePages } from '../../contract/pages.ts';
import { PageLink, useAddress } from '../address.tsx';
import { useLiveState } from '../live.ts';
import { Person } from '../signin/person.tsx';
import { chooseTheme, readTheme, type Theme, themes } from './theme.ts';

const entries = [
  ['Belt', consolePages.belt],
  ['Fleet', consolePages.fleet],
  ['Racks', consolePages.racks],
  ['Inbox', consolePages.inbox],
  ['Campaigns', consolePages.campaigns],
  ['Calendar', consolePages.calendar],
  ['Health', consolePages.health],
  ['Audit', consolePages.audit],
] as const;

/** The pages, who looks, and how light it is. */
export function Navigation() {
  const { pathname } = useAddress();
  const isAt = (path: string) =>
    pathname === path ||
    pathname.startsWith(`${path}/`) ||
    (pathname === consolePages.start && path === consolePages.fleet);
  return (
    <header className="frame-head">
      <PageLink className="frame-name" href={consolePages.start}>
        Farrier
      </PageLink>
      <nav aria-label="Pages">
        <ul>
          {entries.map(([title, path]) => (
            <li key={path}>
              <PageLink href={path} aria-current={isAt(path) ? 'page' : undefined}>
                {title}
              </PageLink>
            </li>
          ))}
        </ul>
      </nav>
      <Liveness />
      <Person />
      <ThemeChoice />
    </header>
  );
}

/** Whether what is shown changes by itself. */
function Liveness() {
  const state = useLiveState();
  const text = { opening: '…', following: 'live', asking: 'not live: asked again every 5 s' }[state];
  return (
    <p className="frame-live" data-state={state} role="status">
      {text}
    </p>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(readTheme);
  const choose = (chosen: Theme) => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <label className="frame-theme">
      Colours{' '}
      <select value={theme} onChange={({ target }) => choose(themes.find((one) => one === target.value) ?? 'system')}>
        {themes.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
