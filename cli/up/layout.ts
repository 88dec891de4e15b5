import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: where the programs are. */
export const checkoutRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Where everything lasting is, below one data folder. */
export interface DataLayout {
  readonly data: string;
  readonly lock: string;
  /** Says which version wrote the folder. */
  readonly stamp: string;
  /** The ports of the last run. */
  readonly ports: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly authority: string;
  readonly images: string;
  readonly logs: string;
  readonly vm: string;
}

export function layoutOf(data: string): DataLayout {
  const at = (name: string) => join(data, name);
  return {
    data,
    lock: at('up.lock'),
    stamp: at('farrier.json'),
    ports: at('ports.json'),
    postgres: at('postgres'),
    temporal: at('temporal.db'),
    authority: at('authority'),
    images: at('images'),
    logs: at('logs'),
    vm: at('vm'),
  };
}

export function logOf(layout: DataLayout, name: string): string {
  return join(layout.logs, `${name}.log`);
}
