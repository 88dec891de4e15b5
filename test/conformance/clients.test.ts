import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { type PersonalityChoice, personalities } from '../../sim/bmc/personalities.ts';
import { playAll } from '../sim/playing.ts';
import { type ConformanceStep, conformanceSteps, deviations } from './deviations.ts';
import { openGo } from './go.ts';
import { openPython, runFile } from './python.ts';

const families = Object.keys(personalities) as (keyof typeof personalities)[];

/** What a step tells where it did what it was for. */
const right: Readonly<Record<ConformanceStep, string>> = {
  boot: 'Pxe',
  media: 'True False',
  account: 'Operator',
  power: 'On',
  logs: 'read',
};

/** What the simulated machine itself saw of a step, so that no client's word is taken for it. */
const effects = {
  boot: 'boot-override',
  media: 'media-ejected',
  account: 'password-changed',
  power: 'power-on',
} as const;

const here = (file: string) => fileURLToPath(new URL(`clients/${file}`, import.meta.url));
type Command = { readonly command: readonly string[] } | { readonly missing: string };

async function python(packages: readonly string[], script: string): Promise<Command> {
  const opened = await openPython(packages);
  return 'missing' in opened ? opened : { command: [opened.python, here(script)] };
}

async function go(name: string): Promise<Command> {
  const opened = await openGo(name);
  return 'missing' in opened ? opened : { command: [opened.program] };
}

const ansibleVersion = '12.3.0';

/** The collection community.general 11.4.2 out of the package that brings it with eighty others, which stay in there. */
async function ansible(): Promise<Command & { readonly path?: string }> {
  const opened = await openPython(['ansible-core==2.19.5']);
  if ('missing' in opened) return opened;
  const path = join(cacheFolder(process.env), 'ansible', ansibleVersion);
  const command = [opened.python, here('ansible_client.py')];
  const look = 'import ansible_collections.community.general.plugins.modules.redfish_command';
  const isThere = () =>
    runFile(opened.python, ['-c', look], { env: { ...process.env, PYTHONPATH: path } }).then(
      () => true,
      () => false,
    );
  if (await isThere()) return { command, path };
  const aside = `${path}.${process.pid}`;
  try {
    await mkdir(aside, { recursive: true });
    const fetched = ['download', '--quiet', '--no-deps', '--dest', aside, `ansible==${ansibleVersion}`];
    await runFile(opened.python, ['-m', 'pip', ...fetched], { timeout: 200_000 });
    const unpack = [
      'import glob, sys, zipfile',
      'wheel = glob.glob(sys.argv[1] + "/*.whl")[0]',
      'names = [n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("ansible_collections/community/general/plugins/module")]',
      'zipfile.ZipFile(wheel).extractall(sys.argv[1], names)',
    ];
    await runFile(opened.python, ['-c', unpack.join('\n'), aside], { timeout: 60_000 });
    await runFile('sh', ['-c', 'rm -f "$1"/*.whl', 'sh', aside]);
    await rename(aside, path).catch(async (error) => {
      if (!(await isThere())) throw error;
    });
    return (await isThere()) ? { command, path } : { missing: 'community.general cannot be imported' };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return { missing: `community.general cannot be had: ${stderr?.trim().split('\n').at(-1) ?? message}` };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

interface Client {
  readonly open: Command & { readonly path?: string };
  /** What it cannot do with any controller, since it has no words for it. */
  readonly lacks?: readonly ConformanceStep[];
  /** The host among several systems, where it has to be told. */
  readonly hosts?: Readonly<Partial<Record<PersonalityChoice, string>>>;
}

const clients: Readonly<Record<string, Client>> = {
  sushy: { open: await python(['sushy==5.14.0'], 'sushy_client.py'), lacks: ['account', 'logs'] },
  'redfish-utilities': { open: await python(['redfish-utilities==3.5.2'], 'utilities_client.py') },
  'community.general': { open: await ansible() },
  gofish: { open: await go('gofish') },
  bmclib: { open: await go('bmclib'), hosts: { nvidia: 'System_0' } },
};
for (const { open } of Object.values(clients))
  if ('missing' in open) process.stderr.write(`skipped: ${open.missing}\n`);

describe.each(Object.entries(clients))('R-34: %s', (name, { open, lacks = [], hosts = {} }) => {
  it.skipIf('missing' in open)('R-34: does with each family what it does with hardware of that family', async () => {
    if ('missing' in open) return;
    const { played, end } = await playAll(families, 100);
    try {
      const placeOf = (family: PersonalityChoice) =>
        [played[family]?.origin, hosts[family]].filter((part) => part !== undefined).join('#');
      const origins = Object.fromEntries(families.map((family) => [family, placeOf(family)]));
      const [program = '', ...given] = open.command;
      const { REQUESTS_CA_BUNDLE: _, CURL_CA_BUNDLE: __, ...env } = process.env;
      const { stdout } = await runFile(program, [...given, JSON.stringify(origins)], {
        timeout: 280_000,
        maxBuffer: 2 ** 24,
        env: { ...env, PYTHONWARNINGS: 'ignore', ...(open.path && { PYTHONPATH: open.path }) },
      });
      const line = stdout.trim().split('\n').at(-1) ?? '';
      const found = JSON.parse(line) as Record<string, Record<string, string>>;
      const wrong: string[] = [];
      for (const family of families)
        for (const step of conformanceSteps.filter((one) => !lacks.includes(one)))
          wrong.push(...(await judge(name, family, step, found[family] ?? {})));
      expect(wrong).toEqual([]);

      /** What is wrong with a step: it has to be done, or to fail as it does on hardware, and in no other way. */
      async function judge(
        client: string,
        family: PersonalityChoice,
        step: ConformanceStep,
        reported: Record<string, string>,
      ) {
        const words = reported.open ?? reported[step] ?? 'it told nothing';
        const known = deviations.find(
          (one) => one.clients.test(client) && one.families.test(family) && one.steps.includes(step),
        );
        if (known) return known.words.test(words) ? [] : [`${family} ${step}: not as known (${known.why}): ${words}`];
        if (words !== right[step]) return [`${family} ${step}: ${words}`];
        const seen = step === 'logs' ? 1 : ((await played[family]?.journal(effects[step]))?.length ?? 0);
        return seen > 0 ? [] : [`${family} ${step}: the client says it is done, and the machine saw nothing`];
      }
    } finally {
      await end();
    }
  });
});
