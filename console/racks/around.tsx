import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { RackView } from '../../contract/api.ts';
import { consolePages } from '../../contract/pages.ts';
import type { SwitchView } from '../../contract/places.ts';
import { PageLink } from '../address.tsx';
import { Table } from '../machine/table.tsx';
import { countOf } from '../words.ts';
import { Hanging } from './hanging.tsx';

/** Racks that are named at once: a feed may have hundreds. */
const maxNamed = 12;

function RackLinks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <span className="choices">
      {ids.slice(0, maxNamed).map((id) => (
        <PageLink key={id} href={`${consolePages.racks}?rack=${encodeURIComponent(id)}`}>
          {id}
        </PageLink>
      ))}
      {ids.length > maxNamed && `and ${ids.length - maxNamed} more`}
    </span>
  );
}

/** What each feed carries. */
export function Feeds({ racks }: { readonly racks: readonly RackView[] }) {
  const [opened, setOpened] = useState<string | null>(null);
  const feeds = [...Map.groupBy(racks, ({ feed }) => feed)].flatMap(([feed, own]) =>
    feed === null ? [] : [{ feed, own }],
  );
  if (feeds.length === 0) return <p className="quiet">No rack says which feed it hangs on.</p>;
  const sum = (own: readonly RackView[], of: 'machines' | 'inService' | 'held') =>
    own.reduce((total, rack) => total + rack[of], 0);
  return (
    <>
      <Table
        title="Feeds"
        head={['Feed', 'Racks', 'Machines', 'In service', 'Held']}
        rows={feeds.map(({ feed, own }) => ({
          key: feed,
          cells: [
            <Opener key="feed" name={feed} opened={opened} onOpen={setOpened} />,
            <RackLinks key="racks" ids={own.map(({ id }) => id)} />,
            <PageLink key="machines" href={`${consolePages.fleet}?selector=${encodeURIComponent(`feed=${feed}`)}`}>
              {countOf(sum(own, 'machines'), 'machine')}
            </PageLink>,
            ...[sum(own, 'inService'), sum(own, 'held')],
          ],
        }))}
      />
      {opened !== null && <Hanging key={opened} kind="feed" name={opened} />}
    </>
  );
}

/** Switches that are listed at once. */
const maxSwitches = 100;

/** Where the ports of each switch lead. */
export function Switches({ switches }: { readonly switches: readonly SwitchView[] }) {
  const [opened, setOpened] = useState<string | null>(null);
  if (switches.length === 0) return <p className="quiet">No switch is announced yet.</p>;
  return (
    <>
      <Table
        title="Switches"
        head={['Switch', 'Chassis', 'Leads to', 'Ports']}
        rows={switches.slice(0, maxSwitches).map((one) => ({
          key: one.id,
          cells: [
            <Opener key="name" name={one.id} opened={opened} onOpen={setOpened} />,
            one.chassis,
            <RackLinks key="racks" ids={[...new Set(one.ports.map(({ rack }) => rack))]} />,
            one.ports.length,
          ],
        }))}
      />
      {switches.length > maxSwitches && <p className="quiet">{`The first ${maxSwitches} of ${switches.length}.`}</p>}
      {opened !== null && <Hanging key={opened} kind="switch" name={opened} />}
    </>
  );
}

interface OpenerSpec {
  readonly name: string;
  readonly opened: string | null;
  readonly onOpen: (name: string | null) => void;
}

function Opener({ name, opened, onOpen }: OpenerSpec) {
  return (
    <Button aria-expanded={opened === name} onPress={() => onOpen(opened === name ? null : name)}>
      {name}
    </Button>
  );
}
