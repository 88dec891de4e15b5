import { OutsideError } from '../http/errors.ts';
import { runCommand, type Sayings } from './commands.ts';
import { makeJob, type SlurmJob } from './slurmjobs.ts';
import type { SlurmLink } from './slurmlink.ts';
import type { SlurmNode } from './slurmnode.ts';

/** What Slurm's commands write to their standard error, from 22.05 to 24.11. */
const sayings: Sayings = [
  [/invalid node name|node \S+ not found/i, 'missing'],
  [/invalid user id|permission denied|not permitted|authentication (error|credential)|security violation/i, 'refused'],
  [/unable to contact slurm controller|connection refused|timed out/i, 'unreachable'],
  [/could not establish a configuration source|no such file|unable to (open|process) .*conf/i, 'settings'],
  [/invalid job id|already (completing or )?completed|already finished/i, 'conflict'],
];

/**
 * Slurm by its own commands, which must be on the worker's PATH and be configured to reach the cluster. They work with
 * every version; the REST API can change a node from 23.02 on.
 */
export class SlurmCommands implements SlurmLink {
  async node(name: string): Promise<SlurmNode> {
    const said = await run('scontrol', ['show', 'node', name]);
    const nodes = said.split(/^(?=NodeName=)/m).map(readNode);
    const node = nodes.find((one) => one?.name === name);
    if (node) return node;
    throw new OutsideError('missing', `Slurm has no node ${name}`);
  }

  async jobs(): Promise<SlurmJob[]> {
    const columns = '%A|%i|%T|%N';
    const said = await run('squeue', ['--noheader', '--all', '--states=all', `--format=${columns}`]);
    return said.split('\n').filter(Boolean).map(readJob);
  }

  async takeOut(name: string, reason: string): Promise<void> {
    // A quotation mark at either end would be taken off.
    await run('scontrol', ['update', `NodeName=${name}`, 'State=DRAIN', `Reason=${reason.replaceAll('"', "'")}`]);
  }

  async putBack(name: string): Promise<void> {
    await run('scontrol', ['update', `NodeName=${name}`, 'State=RESUME']);
  }

  async cancel(job: string): Promise<void> {
    try {
      await run('scancel', [job]);
    } catch (error) {
      if (!(error instanceof OutsideError && error.kind === 'conflict')) throw error;
    }
  }

  async requireAllJobsVisible(): Promise<void> {
    const config = await run('scontrol', ['show', 'config']);
    const hidden = /^PrivateData\s*=\s*(.*)$/m.exec(config)?.[1] ?? '';
    const slurmUser = Number(/^SlurmUser\s*=\s*\S*\((\d+)\)/m.exec(config)?.[1] ?? Number.NaN);
    const me = process.getuid?.();
    if (me === 0 || me === slurmUser || /^\s*none\s*$/i.test(hidden)) return;
    if (hidden !== '' && !/\b(jobs|all)\b/i.test(hidden)) return;
    throw new OutsideError(
      'refused',
      "Slurm shows the jobs of others to its operators only (PrivateData), and that this worker's user is one has not been seen",
    );
  }

  async close(): Promise<void> {}
}

function run(command: string, args: readonly string[]): Promise<string> {
  // What a person's shell sets for their own listings (SQUEUE_USERS, SCANCEL_INTERACTIVE …) would hide jobs from us.
  const kept = Object.entries(process.env).filter(([name]) => !/^(SQUEUE|SCANCEL|SCONTROL|SINFO)_/.test(name));
  return runCommand(command, args, { env: { ...Object.fromEntries(kept), LC_ALL: 'C' }, sayings });
}

/** `scontrol show node` writes a paragraph each; what people wrote stands on lines of its own. */
function readNode(text: string): SlurmNode | null {
  const name = /^NodeName=(\S+)/.exec(text)?.[1];
  const state = /^ +State=(\S+)/m.exec(text)?.[1];
  if (name === undefined || state === undefined) return null;
  return {
    name,
    // A `*` and the like behind a state is an older way to write a flag.
    states: new Set(
      state
        .toUpperCase()
        .split('+')
        .map((one) => one.replace(/[^A-Z_]+$/, '')),
    ),
    next: (/^ +NextState=(\S+)/m.exec(text)?.[1] ?? '').split('+').filter(Boolean),
    reason: /^ +Reason=(.*?)(?: \[[^[\]]*\])?$/m.exec(text)?.[1] ?? '',
    allocated: Number(/\bCPUAlloc=(\d+)/.exec(text)?.[1] ?? 0),
  };
}

function readJob(line: string): SlurmJob {
  const [, id, name = '', state, nodes] = /^(\d+)\|([^|]*)\|([A-Z_]+)\|(.*)$/.exec(line) ?? [];
  if (id === undefined || state === undefined || nodes === undefined)
    return makeJob({ id: null, array: null, het: null, states: [], nodes: null });
  const pair = (mark: string): [number, number] | null => {
    const [first, second] = name.split(mark);
    return second !== undefined && /^\d+$/.test(second) ? [Number(first), Number(second)] : null;
  };
  return makeJob({ id: Number(id), array: pair('_'), het: pair('+'), states: [state], nodes });
}
