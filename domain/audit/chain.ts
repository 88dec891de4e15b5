/** The audit's chain: each row has the hash of the row before it, and one of itself with that. */
import { numberOf, parseExactly, renderJsonb } from './jsonb.ts';

export interface ChainRow {
  readonly id: number;
  /** To the microsecond, `2026-11-30T10:00:00.123456Z`. */
  readonly at: string;
  readonly actorClass: string;
  readonly actor: string;
  readonly action: string;
  readonly machineId: string | null;
  readonly orderId: string | null;
  /** As PostgreSQL writes it. */
  readonly detail: string;
  readonly previous: string;
  readonly hash: string;
}

/** Reads a row as it is exported, one JSON object a line; null for anything else. */
export function parseRow(line: string): ChainRow | null {
  let read: unknown;
  try {
    read = parseExactly(line);
  } catch {
    return null;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return null;
  const { id, detail, ...texts } = read as Record<string, unknown>;
  const { at, actorClass, actor, action, machineId, orderId, previous, hash } = texts;
  const whole = [at, actorClass, actor, action, previous, hash].every((each) => typeof each === 'string');
  const named = [machineId, orderId].every((each) => each === null || typeof each === 'string');
  if (!whole || !named || !Number.isSafeInteger(numberOf(id))) return null;
  return { ...(texts as unknown as ChainRow), id: numberOf(id), detail: renderJsonb(detail) };
}

/** SHA-256 of a text in UTF-8, in hexadecimal digits. */
export type Digest = (text: string) => string;

/** Whether the row's hash is that of what it says. */
export function isIntact(row: ChainRow, digest: Digest): boolean {
  return digest(listed(row)) === row.hash || digest(joined(row)) === row.hash;
}

const secondsOf = (row: ChainRow) => row.at.replace(/Z$/, '');

function listed(row: ChainRow): string {
  const { previous, id, actorClass, actor, action, machineId, orderId, detail } = row;
  const words = [actorClass, actor, action, machineId, orderId].map(renderJsonb);
  return `[${[renderJsonb(previous), id, renderJsonb(secondsOf(row)), ...words, detail].join(', ')}]`;
}

/** The form of rows from before migration 0030. */
function joined(row: ChainRow): string {
  const { previous, id, actorClass, actor, action, machineId, orderId, detail } = row;
  return [previous, id, secondsOf(row), actorClass, actor, action, machineId ?? '', orderId ?? '', detail].join('|');
}
