/** The belt's cells as a table of racks and stages. Pure. */
import type { BeltView } from '../../contract/beltschemas.ts';
import { type Stage, stages } from '../../domain/machine.ts';

type Cell = BeltView['cells'][number];
export type BeltCount = Pick<Cell, 'machines' | 'held' | 'late'>;

export interface BeltRow {
  /** Null where machines have no place yet. */
  readonly rack: string | null;
  readonly counts: ReadonlyMap<Stage, BeltCount>;
}

const { compare } = new Intl.Collator('en', { numeric: true });

export function rowsOfBelt(cells: readonly Cell[]): BeltRow[] {
  const racks = Map.groupBy(cells, ({ rack }) => rack);
  return [...racks]
    .map(([rack, own]) => ({ rack, counts: new Map(own.map((cell) => [cell.stage, cell])) }))
    .sort((one, other) => compare(one.rack ?? '', other.rack ?? ''));
}

/** What all racks have in each stage. */
export function sumBelt(cells: readonly Cell[]): ReadonlyMap<Stage, BeltCount> {
  const sums = new Map<Stage, BeltCount>();
  for (const { stage, machines, held, late } of cells) {
    const sum = sums.get(stage) ?? { machines: 0, held: 0, late: 0 };
    sums.set(stage, { machines: sum.machines + machines, held: sum.held + held, late: sum.late + late });
  }
  return sums;
}

/** Stages of the way into service, and of the others those in which somebody is. */
export function shownStages(cells: readonly Cell[]): readonly Stage[] {
  const wayIn = stages.indexOf('in_service');
  return stages.filter((stage, at) => at <= wayIn || cells.some((cell) => cell.stage === stage));
}

/** The machines of a cell, in the language of selectors. */
export function selectorOfCell(rack: string | null, stage: Stage): string {
  return rack === null ? `!rack,stage=${stage}` : `rack=${rack},stage=${stage}`;
}
