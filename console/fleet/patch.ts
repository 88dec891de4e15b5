import type { MachineSummary } from '../../contract/api.ts';
import type { MachineSlice } from '../client.ts';

/** How machines stand now that have changed; null for one that is not meant any more. */
export type MachineNews = Map<string, MachineSummary | null>;

/**
 * Pages with the news in them. A machine that is new to them comes where it belongs by its id, unless a page is still to
 * come that will have it. Pure.
 */
export function patchPages(
  pages: readonly MachineSlice[],
  news: ReadonlyMap<string, MachineSummary | null>,
): MachineSlice[] {
  const known = new Set<string>();
  let gone = 0;
  const patched = pages.map((page) => {
    if (!page.machines.some(({ id }) => news.has(id))) return page;
    const machines = page.machines.flatMap((machine) => {
      const now = news.get(machine.id);
      if (now === undefined) return [machine];
      known.add(machine.id);
      if (now === null) gone += 1;
      return now === null ? [] : [now];
    });
    return { ...page, machines };
  });
  const fresh = [...news.values()].filter((machine) => machine !== null && !known.has(machine.id)) as MachineSummary[];
  const last = patched.at(-1);
  const isComing = (id: string) => last?.next != null && id > (last.machines.at(-1)?.id ?? '');
  const come = fresh.filter(({ id }) => !isComing(id));
  for (const machine of come) {
    const at = patched.findIndex(({ machines }) => (machines.at(-1)?.id ?? '') > machine.id);
    const place = at < 0 ? patched.length - 1 : at;
    const page = patched[place];
    if (page) patched[place] = { ...page, machines: insert(page.machines, machine) };
  }
  const change = come.length - gone;
  if (change === 0) return patched;
  return patched.map((page) => ({ ...page, total: page.total + change }));
}

function insert(machines: readonly MachineSummary[], machine: MachineSummary): MachineSummary[] {
  const at = machines.findIndex(({ id }) => id > machine.id);
  return at < 0 ? [...machines, machine] : machines.toSpliced(at, 0, machine);
}
