import type { BurninLimits } from './limits.ts';

export interface BurninPart {
  readonly kind: 'stress' | 'benchmark';
  readonly subject: string;
  readonly device: string;
  readonly ok: boolean;
  readonly value: number | null;
  readonly unit: string | null;
  readonly message: string | null;
}

export interface BurninVerdict {
  readonly verdict: 'pass' | 'fail' | 'below' | 'cut';
  /** One sentence naming the device and the figure; null when it passed. */
  readonly finding: string | null;
}

/** Figures of machines of the same product, by `subject/unit`. */
export type Peers = Readonly<Record<string, readonly number[]>>;

/**
 * Judges a burn-in: a part that failed, then a run that the time cap cut short, then a figure below the profile's floor
 * or below its share of the peers' median. The first finding is told, worst kind first.
 */
export function judgeBurnin(
  parts: readonly BurninPart[],
  cut: boolean,
  limits: BurninLimits,
  peers: Peers,
): BurninVerdict {
  const broken = parts.find((part) => !part.ok);
  if (broken) {
    return {
      verdict: 'fail',
      finding: `${broken.subject} ${broken.kind} failed on ${broken.device}: ${broken.message ?? 'no reason given'}`,
    };
  }
  if (cut) return { verdict: 'cut', finding: `The burn-in was cut short at its cap of ${limits.capSeconds} s.` };
  if (parts.length === 0) return { verdict: 'fail', finding: 'The burn-in reported no result of any part.' };
  for (const part of parts) {
    const finding = part.kind === 'benchmark' && part.value !== null ? below(part, part.value, limits, peers) : null;
    if (finding) return { verdict: 'below', finding };
  }
  return { verdict: 'pass', finding: null };
}

function below(part: BurninPart, value: number, limits: BurninLimits, peers: Peers): string | null {
  const figure = `${part.subject}/${part.unit ?? ''}`;
  const floor = limits.floors[figure];
  const measured = `${part.subject} of ${part.device}: ${round(value)} ${part.unit ?? ''}`;
  if (floor !== undefined && value < floor) return `${measured} is below the profile's floor of ${round(floor)}.`;
  const others = peers[figure] ?? [];
  if (others.length < limits.minPeers) return null;
  const middle = median(others);
  if (value >= middle * limits.peerShare) return null;
  return `${measured} is below ${Math.round(limits.peerShare * 100)} % of its ${others.length} peers' median of ${round(middle)}.`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
