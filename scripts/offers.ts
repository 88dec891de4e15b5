/** Writes the table of what is offered on which family into docs/redfish.md, from the probe of each. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Offers } from '../redfish/probe/offers.ts';
import { describeOffers, type OfferWords } from '../redfish/probe/table.ts';
import { openProbe, sections } from '../redfish/probe.ts';
import { withSession } from '../redfish/session.ts';
import { openTransport } from '../redfish/transport.ts';
import { personalityChoices } from '../sim/bmc/personalities.ts';
import { createFleet } from '../sim/fleet.ts';
import { listenFor } from '../sim/listen.ts';
import { serveTree, treeNames, treesAbsent } from '../test/redfish/tree.ts';

export const page = join(import.meta.dirname, '../docs/redfish.md');
type Family = Exclude<(typeof personalityChoices)[number], 'mixed'>;

/** What each of them offers, by name. */
type Probed = Readonly<Record<string, OfferWords>>;

/** Every family that the simulator plays. */
export async function probeFamilies(): Promise<Probed> {
  const found: Record<string, OfferWords> = {};
  for (const family of personalityChoices) if (family !== 'mixed') found[family] = await probeFamily(family);
  return found;
}

async function probeFamily(personality: Family): Promise<OfferWords> {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-offers-'));
  const boot = { bootUrl: 'http://127.0.0.1:9', ca: '' };
  const fleet = createFleet({ racks: 1, perRack: 1, folder, personality, ...boot });
  const listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  try {
    const [machine] = fleet.machines;
    if (!machine) throw new Error('the simulator made no machine');
    return await ask(listening.originOf(machine.hardware));
  } finally {
    await listening.close();
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every recorded controller; null where the recordings are not there. */
export async function probeTrees(): Promise<Probed | null> {
  if (treesAbsent !== null) return null;
  const found: Record<string, OfferWords> = {};
  for (const name of treeNames()) {
    const tree = await serveTree(name);
    found[name] = await ask(tree.origin).finally(() => tree.close());
  }
  return found;
}

async function ask(origin: string): Promise<OfferWords> {
  const transport = openTransport(origin, null);
  try {
    return await withSession(transport, { username: 'admin', password: 'simulated' }, async (session) => {
      const { probe, system } = await openProbe(session);
      const offers: Record<string, unknown> = {};
      for (const section of sections) offers[section] = await probe.offer(section);
      return describeOffers(system.resetTypes, offers as Partial<Offers>);
    });
  } finally {
    await transport.close();
  }
}

/** A Markdown table with a column for each of them, its cells as wide as they need. */
export function renderOffersTable(probed: Probed): string {
  const names = Object.keys(probed);
  const rows = Object.keys(Object.values(probed)[0] ?? {});
  const cell = (name: string, row: string) => (probed[name]?.[row] ?? '–').replaceAll('|', '\\|');
  return [
    `| | ${names.join(' | ')} |`,
    `|---|${'---|'.repeat(names.length)}`,
    ...rows.map((row) => `| ${row} | ${names.map((name) => cell(name, row)).join(' | ')} |`),
  ].join('\n');
}

const markOf = (what: string) => [`<!-- offers of ${what}: scripts/offers.ts -->`, `<!-- end of ${what} -->`] as const;

/** The table between its marks; null when the page has no such place. */
export function committedTable(text: string, what: string): string | null {
  const [begin, end] = markOf(what).map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) return null;
  return text.slice(begin + markOf(what)[0].length, end).trim();
}

function placeTable(text: string, what: string, table: string): string {
  const [begin, end] = markOf(what);
  if (committedTable(text, what) === null) throw new Error(`docs/redfish.md has no place for ${what}`);
  return `${text.slice(0, text.indexOf(begin) + begin.length)}\n${table}\n${text.slice(text.indexOf(end))}`;
}

if (import.meta.main) {
  let text = await readFile(page, 'utf8');
  text = placeTable(text, 'families', renderOffersTable(await probeFamilies()));
  const trees = await probeTrees();
  if (trees === null) process.stderr.write(`${treesAbsent}: their table stays as it is\n`);
  else text = placeTable(text, 'trees', renderOffersTable(trees));
  await writeFile(page, text);
}
