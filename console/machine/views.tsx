import { addressWith, PageLink, useAddress } from '../address.tsx';

/** What is looked at of a machine: each view reads no more than it shows. */
const machineViews = {
  now: 'Now',
  hardware: 'Hardware',
  records: 'Records',
  papers: 'Tickets and audit',
} as const;
type MachineViewName = keyof typeof machineViews;

export function readView(address: URL): MachineViewName {
  const named = address.searchParams.get('view') ?? '';
  return Object.hasOwn(machineViews, named) ? (named as MachineViewName) : 'now';
}

export function ViewLinks() {
  const address = useAddress();
  const shown = readView(address);
  return (
    <nav className="views" aria-label="Views of the machine">
      {Object.entries(machineViews).map(([view, title]) => (
        <PageLink
          key={view}
          href={addressWith(address, { view: view === 'now' ? null : view })}
          aria-current={view === shown ? 'page' : undefined}
        >
          {title}
        </PageLink>
      ))}
    </nav>
  );
}
