/**
 * The agent's own shell, with the machine around it made up: its stages are copied with every folder of the system moved
 * below a scratch one, and run by the image's own kind of shell where that is installed.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildTools } from './tools.ts';

const source = new URL('../../boot/image/agent/', import.meta.url).pathname;
const tools = ['mke2fs', 'mkfs.fat', 'sfdisk', 'blkid', 'extlinux', 'tar'] as const;

function pathOf(tool: string): string | null {
  const folders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path)) ?? null;
}

/** Why the agent's shell cannot be played here, in a few words; null when it can. */
export function whyNoShell(wanted: readonly (typeof tools)[number][] = []): string | null {
  const missing = [
    ...wanted.filter((tool) => pathOf(tool) === null),
    ...(spawnSync('musl-gcc', ['--version']).error === undefined ? [] : ['musl-gcc']),
    ...(existsSync('/usr/include/bearssl.h') ? [] : ['libbearssl-dev']),
  ];
  return process.platform !== 'linux' ? 'needs Linux' : missing.length > 0 ? `needs ${missing.join(', ')}` : null;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface AgentShell {
  readonly folder: string;
  /** Where the agent looks for programs. */
  readonly path: string;
  /** Makes a file of the machine, e.g. `/sys/block/sda/size`, with a line end behind it. */
  put(path: string, content: string | Buffer): void;
  /** Makes a link, both paths as the machine sees them. */
  link(path: string, to: string): void;
  /** A disk of the machine whose bytes are in a (sparse) file; `facts` are files below `/sys/block/<name>`. */
  disk(name: string, bytes: number, facts?: Readonly<Record<string, string>>): string;
  /** Runs a script after all stages were read. What the agent tells is in `told`, a record a line. */
  run(script: string): Promise<Said & { readonly told: readonly string[] }>;
  close(): void;
}

/** Stands in for the conversation: what would be told is kept, and `directive` is the order. */
const conversation = `
say() { :; }
alive() { :; }
report() { shift; rec put "$@" >>"$HERE/reported"; }
ask() { answer=$HERE/run/answer; }
begin() { step_began=0; }
step() { echo "step=$1 state=$2 device=\${3:-} message=\${4:-}" >>"$HERE/reported"; }
early() { step "$@"; }
wait_for() { "$@"; }
`;

export function openShell(): AgentShell {
  const folder = mkdtempSync(join(tmpdir(), 'farrier-shell-'));
  for (const name of [
    'sys/block',
    'sys/class/net',
    'sys/bus/pci/devices',
    'dev',
    'run',
    'proc',
    'mnt',
    'etc/farrier',
    'lib',
    'tmp',
  ])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['null', 'zero', 'urandom']) symlinkSync(`/dev/${name}`, join(folder, 'dev', name));
  const moved = (text: string) =>
    text
      .replace(/(?<![\w/.])\/bin\/([\w.]+)/g, (_, tool: string) => pathOf(tool) ?? `/bin/${tool}`)
      .replace(
        /(?<![\w.}])\/(sys|dev|run|proc|mnt|etc|tmp|usr\/share\/boot|usr\/lib\/farrier)(?=\/|\b)/g,
        `${folder}/$1`,
      );
  const stages = readdirSync(source).filter((name) => name.endsWith('.sh') || name === 'lease');
  for (const name of stages) writeFileSync(join(folder, 'lib', name), moved(readFileSync(join(source, name), 'utf8')));
  chmodSync(join(folder, 'lib/lease'), 0o755);
  mkdirSync(join(folder, 'usr/lib'), { recursive: true });
  symlinkSync(join(folder, 'lib'), join(folder, 'usr/lib/farrier'));
  const busybox = pathOf('busybox');
  const [shell, ...first] = busybox === null ? ['sh'] : [busybox, 'sh'];
  if (busybox !== null) {
    mkdirSync(join(folder, 'applets'));
    execFileSync(busybox, ['--install', '-s', join(folder, 'applets')]);
    // The image has these as programs of their own, and calls them by their path where an applet has the same name.
    for (const tool of ['blkid']) rmSync(join(folder, 'applets', tool), { force: true });
  }
  const blkid = pathOf('blkid');
  if (blkid !== null) {
    mkdirSync(join(folder, 'own'));
    symlinkSync(blkid, join(folder, 'own/blkid'));
  }
  const path = [
    buildTools(),
    join(folder, 'own'),
    join(folder, 'applets'),
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ].join(':');
  const sourced = stages.filter((name) => name.endsWith('.sh')).map((name) => `. "$HERE/lib/${name}"`);

  const put = (place: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    writeFileSync(join(folder, place), typeof content === 'string' ? `${content}\n` : content);
  };
  return {
    folder,
    path,
    put,
    link(place, to) {
      mkdirSync(dirname(join(folder, place)), { recursive: true });
      symlinkSync(join(folder, to), join(folder, place));
    },
    disk(name, bytes, facts = {}) {
      const all = {
        removable: '0',
        size: String(Math.floor(bytes / 512)),
        hidden: '0',
        'queue/rotational': '0',
        ...facts,
      };
      for (const [file, content] of Object.entries(all)) put(`sys/block/${name}/${file}`, content);
      const file = join(folder, 'dev', name);
      execFileSync('truncate', ['-s', String(bytes), file]);
      return file;
    },
    run(script) {
      const reported = join(folder, 'reported');
      writeFileSync(reported, '');
      const text = [...sourced, conversation.replaceAll('$HERE', folder), moved(script)].join('\n');
      const env = { PATH: path, HERE: folder };
      return new Promise((resolve, reject) => {
        execFile(shell as string, [...first, '-c', text], { env, maxBuffer: 2 ** 26 }, (error, out, err) => {
          if (error && typeof error.code !== 'number') return reject(error);
          const lines = readFileSync(reported, 'utf8').split('\n').filter(Boolean);
          resolve({ code: Number(error?.code ?? 0), out, err, told: lines });
        });
      });
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Bytes that look like somebody's. */
export const noise = (bytes: number, seed = 'x') =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, at) => createHash('sha256').update(`${seed}${at}`).digest()),
  ).subarray(0, bytes);
