import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What a process and all its descendants use. */
export interface Usage {
  /** Seconds of processor time so far, those of ended descendants included. */
  readonly cpuSeconds: number;
  /** Resident memory in MiB; pages shared between processes count for each of them. */
  readonly rssMib: number;
  readonly processes: number;
}

interface Sample {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly rssMib: number;
}

// USER_HZ and the page size as every Linux that Node 24 runs on shows them in /proc (man 5 proc, sysconf(3)).
const ticksASecond = 100;
const pageMib = 4096 / 2 ** 20;

/** Reads one line of `/proc/<pid>/stat`; the name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): Sample | null {
  const close = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  const fields = text
    .slice(close + 2)
    .split(' ')
    .map(Number);
  const [parent, utime, stime, cutime, cstime, rss] = [1, 11, 12, 13, 14, 21].map((at) => fields[at]);
  if (close < 0 || !Number.isInteger(pid) || parent === undefined || rss === undefined) return null;
  const ticks = (utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0);
  return { pid, parent, cpuSeconds: ticks / ticksASecond, rssMib: rss * pageMib };
}

async function linuxSamples(): Promise<Sample[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return texts.flatMap((text) => parseStat(text) ?? []);
}

/** `[[dd-]hh:]mm:ss[.cc]`, as `ps` prints processor time. */
function psSeconds(text: string): number {
  const [days, clock] = text.includes('-') ? text.split('-') : ['0', text];
  return (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

async function psSamples(): Promise<Sample[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,rss=,time='], { maxBuffer: 2 ** 24 });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, rss, time] = line.trim().split(/\s+/);
    if (time === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), rssMib: Number(rss) / 1024, cpuSeconds: psSeconds(time) }];
  });
}

function samples(): Promise<Sample[]> {
  return process.platform === 'linux' ? linuxSamples() : psSamples();
}

function familyOf(root: number, all: readonly Sample[]): Sample[] {
  const family = all.filter((sample) => sample.pid === root);
  for (let i = 0; i < family.length; i++) {
    family.push(...all.filter((sample) => sample.parent === family[i]?.pid && sample.pid !== root));
  }
  return family;
}

/**
 * What each process and its descendants use now, one pass over the process table for all.
 * Descendants are followed by parent, not by group: PostgreSQL's and a namespace's children lead their own.
 */
export async function usageOf(roots: readonly number[]): Promise<Map<number, Usage>> {
  const all = await samples();
  return new Map(
    roots.map((root) => {
      const family = familyOf(root, all);
      const sum = (field: 'cpuSeconds' | 'rssMib') => family.reduce((total, one) => total + one[field], 0);
      return [root, { cpuSeconds: sum('cpuSeconds'), rssMib: sum('rssMib'), processes: family.length }];
    }),
  );
}
