import { tether } from '../../host/tether.ts';

/** A command line for a program that is to end with this process, be it that a run of the suites is killed. */
export async function tethered(program: string, ...args: string[]): Promise<[program: string, args: string[]]> {
  const [first = program, ...rest] = [...(await tether('TERM')), program, ...args];
  return [first, rest];
}
