import type { ComponentType } from 'react';
import { type ConsolePage, consolePages } from '../contract/pages.ts';
import { useAddress } from './address.tsx';
import { AuditPage } from './audit/page.tsx';
import { BeltPage } from './belt/page.tsx';
import { CalendarPage } from './calendar/page.tsx';
import { OneCampaignPage } from './campaigns/one.tsx';
import { CampaignsPage } from './campaigns/page.tsx';
import { FleetPage } from './fleet/page.tsx';
import { Navigation } from './frame/navigation.tsx';
import { PageFrame } from './frame/page.tsx';
import { Guarded } from './frame/part.tsx';
import { HealthPage } from './health/page.tsx';
import { InboxPage } from './inbox/page.tsx';
import { MachinePage } from './machine/page.tsx';
import { OrderManyPage } from './ordering/page.tsx';
import { RacksPage } from './racks/page.tsx';
import { AccountPage } from './signin/account.tsx';
import { SignInGuard } from './signin/guard.tsx';
import { ReturnPage } from './signin/return.tsx';

/** What each address shows; `name` is what stands in the place of `:name`. */
const pages: Readonly<Record<ConsolePage, ComponentType<{ readonly name: string }>>> = {
  start: FleetPage,
  fleet: FleetPage,
  machine: MachinePage,
  inbox: InboxPage,
  belt: BeltPage,
  racks: RacksPage,
  account: AccountPage,
  signin: ReturnPage,
  campaigns: CampaignsPage,
  campaign: OneCampaignPage,
  calendar: CalendarPage,
  order: OrderManyPage,
  health: HealthPage,
  audit: AuditPage,
};

const patterns = Object.entries(consolePages).map(([page, path]) => ({
  page: page as ConsolePage,
  pattern: new RegExp(`^${path.replace(':name', '([^/]+)')}$`),
}));

export function App() {
  const { pathname } = useAddress();
  const found = patterns.find(({ pattern }) => pattern.test(pathname));
  const Shown = found ? pages[found.page] : Missing;
  const name = decodeURIComponent(found?.pattern.exec(pathname)?.[1] ?? '');
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Navigation />
      <Guarded key={pathname}>
        <SignInGuard>
          <Shown name={name} />
        </SignInGuard>
      </Guarded>
    </>
  );
}

function Missing() {
  return (
    <PageFrame title="There is no such page">
      <p>The address names none of the console’s pages.</p>
    </PageFrame>
  );
}
