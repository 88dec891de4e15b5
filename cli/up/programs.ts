import { isIP } from 'node:net';
import { join } from 'node:path';
import { nodeFlags } from '../../host/nodeflags.ts';
import type { Program } from '../../host/program.ts';
import { checkoutRoot, type DataLayout, logOf } from './layout.ts';
import type { Ports } from './options.ts';
import { homeSite } from './site.ts';

/** What every program of this Farrier needs to know. */
export interface Setting {
  readonly layout: DataLayout;
  readonly ports: Ports;
  /** See `UpOptions`. */
  readonly listen: string | null;
  /** Path of the Node that runs them. */
  readonly node: string;
  /** Begins every command line; see host/tether.ts. */
  readonly guard: readonly string[];
  /** What the person's shell had. */
  readonly shell: Readonly<Record<string, string>>;
  readonly mdbUrl: string;
  /** `host:port` of the Temporal server. */
  readonly temporal: string;
}

const readySeconds = 120;

/** One of our own programs, by the path of its main below the checkout. */
export function ownProgram(
  setting: Setting,
  name: string,
  main: string,
  env: Readonly<Record<string, string>>,
  within: readonly string[] = [],
): Program {
  const node = [setting.node, ...nodeFlags(main), join(checkoutRoot, main)];
  const [first = setting.node, ...rest] = [...setting.guard, ...within, ...node];
  return {
    name,
    command: [first, ...rest],
    cwd: checkoutRoot,
    log: logOf(setting.layout, name),
    readySeconds,
    env: {
      ...setting.shell,
      FARRIER_DATA: setting.layout.data,
      FARRIER_SITE: homeSite,
      FARRIER_MDB_URL: setting.mdbUrl,
      TEMPORAL_ADDRESS: setting.temporal,
      ...env,
    },
  };
}

/** Workers, dispatcher and the mirror of tickets: they need PostgreSQL, and all but the last Temporal. */
export function workerPrograms(setting: Setting): Program[] {
  const { boot } = originsOf('127.0.0.1', setting.ports);
  const hardware = { FARRIER_BOOT_URL: boot, FARRIER_EVENTS_URL: `https://127.0.0.1:${setting.ports.events}` };
  return ['lifecycle', 'hardware', 'dispatch', 'tickets'].map((name) => ({
    ...ownProgram(setting, name, `workers/${name}.ts`, name === 'hardware' ? hardware : {}),
    // A worker lets the activities that it runs come to an end.
    stopSeconds: 20,
  }));
}

export function apiOf({ api }: Pick<Ports, 'api'>): string {
  return `http://127.0.0.1:${api}`;
}

export interface Origins {
  readonly boot: string;
  readonly agent: string;
}

export function originsOf(host: string, ports: Pick<Ports, 'boot' | 'agent'>): Origins {
  return { boot: `http://${host}:${ports.boot}`, agent: `https://${host}:${ports.agent}` };
}

/** What machines talk to: the birther and the API. */
export function facePrograms(setting: Setting): Program[] {
  const { ports, listen } = setting;
  const origins = originsOf('127.0.0.1', ports);
  // Where the server is somebody else's, only its owner knows of a Web UI, and the shell may say so.
  const ui = setting.shell['TEMPORAL_ADDRESS'] ? {} : { FARRIER_TEMPORAL_UI: `http://127.0.0.1:${ports.ui}` };
  return [
    ownProgram(setting, 'birther', 'boot/main.ts', {
      FARRIER_BOOT_LISTEN: `127.0.0.1:${ports.boot}`,
      FARRIER_BOOT_URL: origins.boot,
      FARRIER_AGENT_URL: origins.agent,
    }),
    ownProgram(setting, 'api', 'api/main.ts', {
      FARRIER_API_LISTEN: `127.0.0.1:${ports.api}`,
      // Whoever is on this machine has the data folder too, with the password of the MDB in it.
      FARRIER_TRUST_LOOPBACK: 'yes',
      FARRIER_AGENT_LISTEN: `127.0.0.1:${ports.agent}`,
      FARRIER_EVENTS_LISTEN: `127.0.0.1:${ports.events}`,
      ...ui,
    }),
    ...(listen === null ? [] : [elsewhere(setting, listen)]),
  ];
}

/** The people's API once more, for who is not on this machine: a process of its own, in which nobody is trusted. */
function elsewhere(setting: Setting, listen: string): Program {
  const host = isIP(listen) === 6 ? `[${listen}]` : listen;
  return ownProgram(setting, 'people', 'api/main.ts', {
    FARRIER_API_LISTEN: `${host}:${setting.ports.api}`,
    FARRIER_TRUST_LOOPBACK: 'no',
    FARRIER_AGENT_LISTEN: '',
    FARRIER_EVENTS_LISTEN: '',
  });
}
