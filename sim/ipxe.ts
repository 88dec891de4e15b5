/**
 * The part of iPXE that a birther's script can use: parsed as iPXE does, run against whatever stands in for the
 * machine's network and disks. https://ipxe.org/cmd and https://ipxe.org/scripting are the sources.
 */
export interface IpxeHost {
  /** `mac`, `uuid`, `platform` …: what `${name}` expands to before the script sets anything. */
  readonly settings: Readonly<Record<string, string>>;
  /** Fetches a whole script; null when it cannot be had. */
  fetchScript(url: string): Promise<string | null>;
  /** Fetches a kernel or an initial RAM disk; false when it cannot be had. */
  fetchImage(url: string): Promise<boolean>;
  /** Whether `sanboot` starts the machine's own disk. */
  sanBoots(): boolean;
  /** Whether a chained EFI loader finds a system on the disk; null where the firmware cannot run one. */
  loaderBoots(): boolean | null;
  sleep(seconds: number): Promise<void>;
}

export type IpxeOutcome =
  /** A kernel was started. `arguments` are those of its command line that have a value. */
  | { readonly do: 'kernel'; readonly url: string; readonly arguments: Readonly<Record<string, string>> }
  /** The disk was started, by `sanboot` or by a loader that chains it. */
  | { readonly do: 'disk' }
  /** iPXE gave way to the next boot device. */
  | { readonly do: 'exit' }
  | { readonly do: 'reboot' }
  | { readonly do: 'poweroff' };

export interface IpxeCommand {
  readonly name: string;
  readonly words: readonly string[];
}

/** One line: commands joined by `||` and `&&`, run from left to right. */
export interface IpxeLine {
  readonly label?: string;
  readonly steps: readonly { readonly when: 'always' | 'failed' | 'succeeded'; readonly command: IpxeCommand }[];
}

/** Reads a script; null when it does not begin with `#!ipxe`, which iPXE refuses as *exec format error*. */
export function parseIpxe(text: string): IpxeLine[] | null {
  const [first, ...rest] = text.replaceAll('\r', '').replace(/\\\n/g, ' ').split('\n');
  if (first?.trim() !== '#!ipxe') return null;
  return rest
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine);
}

function parseLine(line: string): IpxeLine {
  if (line.startsWith(':')) return { label: line.slice(1).trim(), steps: [] };
  const steps: IpxeLine['steps'][number][] = [];
  let words: string[] = [];
  let when: 'always' | 'failed' | 'succeeded' = 'always';
  const finish = (next: typeof when) => {
    // `|| ` at a line's end means: go on, whatever happened.
    if (words.length > 0) steps.push({ when, command: { name: words[0] ?? '', words: words.slice(1) } });
    else if (when === 'failed') steps.push({ when, command: { name: 'isset', words: ['true'] } });
    words = [];
    when = next;
  };
  for (const word of line.split(/\s+/)) {
    if (word === '||') finish('failed');
    else if (word === '&&') finish('succeeded');
    else words.push(word);
  }
  finish('always');
  return { steps };
}

// A script that jumps in a circle without sleeping would spin for ever.
const maxCommands = 10_000;

interface Running {
  readonly host: IpxeHost;
  readonly settings: Record<string, string>;
  kernel: { url: string; arguments: Record<string, string> } | null;
  jump: string | null;
  commands: number;
}

/** What a line comes to: success, failure, the end, or another script in this one's place. */
type Result = IpxeOutcome | boolean | { readonly do: 'script'; readonly text: string };

/** Runs a script, and those it chains, to the point where something else takes the machine over. */
export async function runIpxe(text: string, host: IpxeHost): Promise<IpxeOutcome> {
  const running: Running = { host, settings: { ...host.settings }, kernel: null, jump: null, commands: 0 };
  // A script that waits chains itself again, for hours perhaps: a loop and not a recursion.
  for (let script = text; ; ) {
    const result = await runScript(script, running);
    if (result.do !== 'script') return result;
    script = result.text;
  }
}

async function runScript(text: string, running: Running): Promise<Exclude<Result, boolean>> {
  running.kernel = null;
  running.jump = null;
  const lines = parseIpxe(text);
  if (!lines) return { do: 'exit' };
  for (let at = 0; at < lines.length; at += 1) {
    const result = await runLine(lines[at] as IpxeLine, running);
    if (typeof result !== 'boolean') return result;
    // A command that fails with nobody to catch it ends the script.
    if (!result) return { do: 'exit' };
    if (running.jump !== null) {
      const target = lines.findIndex((line) => line.label === running.jump);
      if (target < 0) return { do: 'exit' };
      running.jump = null;
      at = target;
    }
  }
  return { do: 'exit' };
}

async function runLine(line: IpxeLine, running: Running): Promise<Result> {
  let last = true;
  for (const { when, command } of line.steps) {
    if ((when === 'failed' && last) || (when === 'succeeded' && !last)) continue;
    running.commands += 1;
    if (running.commands > maxCommands) return { do: 'exit' };
    const words = command.words.map((word) => expand(word, running.settings));
    const result = await runCommand(command.name, words, running);
    if (typeof result !== 'boolean') return result;
    last = result;
    if (running.jump !== null) return true;
  }
  return last;
}

function expand(word: string, settings: Readonly<Record<string, string>>): string {
  return word.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const bare = name.replace(/^net[0-9X]+\//, '');
    const [setting = '', format] = bare.split(':');
    const value = settings[setting] ?? '';
    if (format === 'uristring') return encodeURIComponent(value);
    return format === 'hexhyp' ? value.replaceAll(':', '-') : value;
  });
}

/** Options whose value is the following word. */
const valued = new Set(['--name', '-n', '--timeout', '-t', '--drive', '-d', '--filename', '-f', '--port', '-p']);

function positional(words: readonly string[]): string[] {
  return words.filter((word, index) => !word.startsWith('-') && !valued.has(words[index - 1] ?? ''));
}

async function runCommand(name: string, words: readonly string[], running: Running): Promise<Result> {
  const { host, settings } = running;
  const [target = ''] = positional(words);
  switch (name) {
    case 'set':
      settings[words[0] ?? ''] = words.slice(1).join(' ');
      return true;
    case 'clear':
      delete settings[target];
      return true;
    case 'isset':
      return words.join('') !== '';
    case 'iseq':
      return words[0] === words[1];
    case 'goto':
      running.jump = target;
      return true;
    case 'sleep':
      running.commands = 0;
      await host.sleep(Number(target) || 0);
      return true;
    case 'kernel':
    case 'imgselect':
      return selectKernel(words, running);
    case 'initrd':
    case 'module':
    case 'imgfetch':
      return host.fetchImage(target);
    case 'boot':
      return bootImage(words, running);
    case 'chain':
    case 'imgexec':
      return chain(target, running);
    case 'sanboot':
      return host.sanBoots() ? { do: 'disk' } : false;
    case 'exit':
      return { do: 'exit' };
    case 'reboot':
      return { do: 'reboot' };
    case 'poweroff':
      return { do: 'poweroff' };
    default:
      return harmless.has(name);
  }
}

const harmless = new Set([
  'echo',
  'dhcp',
  'ifopen',
  'ifconf',
  'ifclose',
  'imgfree',
  'imgtrust',
  'imgstat',
  'console',
  'cpuid',
  'colour',
  'prompt',
  'imgverify',
  'ntp',
  'route',
]);

async function selectKernel(words: readonly string[], running: Running): Promise<boolean> {
  const [url = '', ...rest] = words.filter(
    (word, index) => !word.startsWith('-') && !['--name', '-n', '--timeout', '-t'].includes(words[index - 1] ?? ''),
  );
  if (!(await running.host.fetchImage(url))) return false;
  const pairs = rest
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
  running.kernel = { url, arguments: Object.fromEntries(pairs) };
  return true;
}

async function bootImage(words: readonly string[], running: Running): Promise<Result> {
  const [target] = positional(words);
  if (target !== undefined && !(await selectKernel(words, running))) return false;
  return running.kernel === null ? false : { do: 'kernel', ...running.kernel };
}

/** A chained loader (`local.efi`) starts the disk; when there is none it gives way. Anything else is a script. */
async function chain(url: string, running: Running): Promise<Result> {
  if (/\.efi(\?|$)/.test(url)) {
    if (!(await running.host.fetchImage(url))) return false;
    const boots = running.host.loaderBoots();
    if (boots === null) return false;
    return { do: boots ? 'disk' : 'exit' };
  }
  const text = await running.host.fetchScript(url);
  return text === null ? false : { do: 'script', text };
}
