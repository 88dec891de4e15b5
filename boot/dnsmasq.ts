import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

/** dnsmasq is missing, or refuses its configuration; the message says what to do. */
export class DnsmasqError extends Error {
  override readonly name = 'DnsmasqError';
}

export interface Dnsmasq {
  /** Reads the hosts file again. */
  reload(): void;
  /** Stops it and starts it anew, for a configuration that has changed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const minPauseMs = 1000;
const maxPauseMs = 30_000;
// Whoever lived this long died of something new.
const settled = 60_000;
const missing = 'dnsmasq is missing: install the package dnsmasq-base (Debian, Ubuntu) or dnsmasq';

/** Throws DnsmasqError when dnsmasq is missing or does not understand the file. */
export async function checkDnsmasqConfig(file: string): Promise<void> {
  try {
    await promisify(execFile)('dnsmasq', ['--test', `--conf-file=${file}`]);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new DnsmasqError(missing);
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new DnsmasqError(`dnsmasq refuses ${file}: ${said}`);
  }
}

/**
 * Runs dnsmasq under supervision: it is started again when it dies, after one second and then ever later up to thirty;
 * what it says goes into our log. One that an earlier run left behind (its pid file names it) is ended first.
 */
export async function superviseDnsmasq(file: string, pidFile: string, log: Logger): Promise<Dnsmasq> {
  await checkDnsmasqConfig(file);
  await endLeftover(file, pidFile);
  let child: ChildProcess | null = null;
  let wanted = true;
  let pause = minPauseMs;
  let timer: NodeJS.Timeout | null = null;

  function start(): void {
    const began = Date.now();
    const running = spawn('dnsmasq', ['--keep-in-foreground', `--conf-file=${file}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = running;
    for (const stream of [running.stdout, running.stderr]) {
      createInterface({ input: stream }).on('line', (line) => logLine(log, line));
    }
    running.on('error', (error) => log.error(hasCode(error, 'ENOENT') ? missing : `dnsmasq: ${error.message}`));
    running.on('close', (code, signal) => {
      if (child === running) child = null;
      if (!wanted) return;
      pause = Date.now() - began > settled ? minPauseMs : Math.min(pause * 2, maxPauseMs);
      log.error({ code, signal, again: pause / 1000 }, 'dnsmasq ended and is started again');
      timer = setTimeout(start, pause);
    });
  }

  async function stop(): Promise<void> {
    wanted = false;
    if (timer) clearTimeout(timer);
    if (child) await end(child);
  }

  start();
  return {
    reload: () => void child?.kill('SIGHUP'),
    async restart() {
      await stop();
      wanted = true;
      pause = minPauseMs;
      start();
    },
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), 5000);
  await closed;
  clearTimeout(last);
}

/** Ends the dnsmasq of a run that was killed, which still holds the port; only one that runs with our file. */
async function endLeftover(file: string, pidFile: string): Promise<void> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  if (!Number.isInteger(pid) || pid <= 1) return;
  const isOurs = async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(file);
  for (let tries = 0; tries < 50 && (await isOurs()); tries += 1) {
    process.kill(pid, tries < 25 ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function logLine(log: Logger, line: string): void {
  const text = line.replace(/^dnsmasq(-dhcp|-tftp)?(\[\d+\])?: /, '').replace(/\p{C}/gu, ' ');
  if (/fail|cannot|error|no address|not (giving|using)/i.test(text)) log.warn({ from: 'dnsmasq' }, text);
  else if (/DHCP(OFFER|ACK|NAK)|^sent \//.test(text)) log.info({ from: 'dnsmasq' }, text);
  else log.debug({ from: 'dnsmasq' }, text);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
