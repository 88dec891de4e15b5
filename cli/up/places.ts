import { relative } from 'node:path';
import type { Up } from './bring.ts';
import { apiOf } from './programs.ts';

/** Where to look at a Farrier that runs: titles with an address or a command that can be pasted. */
export function upPlaces(
  { layout, ports, temporal }: Pick<Up, 'layout' | 'ports' | 'temporal'>,
  listen: string | null = null,
): [string, string][] {
  const here = relative(process.cwd(), layout.logs);
  const api = apiOf(ports);
  const server = ports.api === 8470 ? '' : `FARRIER_API=${api} `;
  const elsewhere = temporal.address === '127.0.0.1:7233' ? '' : ` --address ${temporal.address}`;
  return [
    ...(temporal.ui ? [['Temporal Web UI', temporal.ui] as [string, string]] : []),
    ['Console', `${api}/`],
    ['HTTP API', `${api}/docs`],
    ...(listen === null ? [] : [['From elsewhere', `https://${listen}:${ports.api}`] as [string, string]]),
    ['Machines', `${server}./farrier machine list`],
    ['One life', `${server}./farrier machine timeline <id>`],
    ['Workflows', `${temporal.cli ?? 'temporal'} workflow list${elsewhere}`],
    ['Logs', here === '' || here.startsWith('..') ? layout.logs : here],
  ];
}
