import type { Bound } from './verdict.ts';

/** What simulated machines cost while nothing happens to them, in the form that `scripts/bench sim` prints. */
export interface SimResult {
  readonly bench: 'sim';
  readonly machines: number;
  readonly listen_ms: number;
  /** Of the one process: before there were any, made, listening, spoken to once, and all looking for a boot. */
  readonly rss_mib: Readonly<Record<'node' | 'made' | 'off' | 'spoken_to' | 'looking_for_boot', number>>;
  /** Share of one core while all look for something to boot. */
  readonly cpu_share_looking_for_boot: number;
}

/** What `scripts/bench controllers` tells of the controllers that it had for another bench. */
export interface ControllersResult {
  readonly bench: 'controllers';
  readonly controllers: number;
  readonly hung: number;
  /** Healthy ones that answered, hung ones that did not, and the slowest answer. */
  readonly answered: number;
  readonly held_back: number;
  readonly slowest_ms: number;
  readonly rss_mib: number;
}

/**
 * Budgets of simulated machines: about twice what docs/simulator.md, "Size", has. KiB a machine, share of a core for
 * 4,000 machines, MiB.
 */
const budget = { off: 24, spokenTo: 32, looking: 96, share: 0.25, controllers: 1024, controllersEach: 1 } as const;

export function simBounds({ machines, rss_mib: rss, cpu_share_looking_for_boot: share }: SimResult): Bound[] {
  const each = (mib: number) => Math.round(((mib - rss.node) * 1024) / machines);
  // What the process takes once, however few they are, in KiB.
  const once = Math.ceil((8 * 1024) / machines);
  const max = Math.round(budget.share * Math.max(1, machines / 4000) * 1000) / 1000;
  return [
    { what: 'KiB a machine that is off', measured: each(rss.off), budget: ['at most', budget.off + once] },
    {
      what: 'KiB a machine whose controller was spoken to',
      measured: each(rss.spoken_to),
      budget: ['at most', budget.spokenTo + once],
    },
    {
      what: 'KiB a machine looking for a boot',
      measured: each(rss.looking_for_boot),
      budget: ['at most', budget.looking + once],
    },
    { what: 'of a core, all looking for a boot', measured: share, budget: ['at most', max] },
  ];
}

/** That the other bench measured what it meant to: the healthy ones answer, and the hung ones do not. */
export function controllersBounds(result: ControllersResult): Bound[] {
  const { controllers, hung, answered, held_back: heldBack, rss_mib: rss } = result;
  return [
    { what: 'healthy controllers that answered', measured: answered, budget: ['at least', controllers - hung] },
    { what: 'hung controllers that held back', measured: heldBack, budget: ['at least', hung] },
    { what: 'MiB', measured: rss, budget: ['at most', budget.controllers + controllers * budget.controllersEach] },
  ];
}
