import { type Import, isBuiltin, isOwn } from './imports.ts';

const of = (folder: string, ...names: readonly string[]) => names.map((name) => `${folder}/${name}.ts`);

/**
 * What a folder may import besides itself: folders, or single files of one. Of two that hold a file the inner counts. A
 * folder that is missing here may not exist.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ['domain'],
  // What workflows say and hear: the outbox carries it, and some of it is kept. How the API shows a row is the API's.
  mdb: ['domain', ...of('contract', 'campaign', 'machine', 'passage', 'past', 'reconcile', 'rehydrate', 'semaphore')],
  boot: ['domain', 'contract/records.ts', 'mdb'],
  redfish: ['domain'],
  integrations: ['domain'],
  activities: ['domain', 'contract', 'mdb', 'boot', 'redfish', 'integrations'],
  workflows: ['domain', 'contract'],
  host: ['contract/attributes.ts'],
  client: ['domain', 'contract'],
  // Of the outside it reads what people hand it, and asks nobody.
  api: ['domain', 'contract', 'mdb', 'boot', 'host', 'integrations/inventory'],
  // Of the workflows that it bundles, what their steps are called and do.
  workers: [
    ...['domain', 'contract', 'mdb', 'host', 'redfish', 'integrations', 'activities'],
    ...of('workflows', 'described'),
  ],
  // It meets Farrier as servers, and whoever has them, do: over the network.
  sim: ['domain', 'contract', 'client', 'host'],
  cli: ['domain', 'contract', 'client'],
  // By hand, a controller is read in the same process: the same client, and nothing of the workflows around it.
  'cli/bmc': ['domain', 'redfish', 'cli'],
  // It begins before there is an API to ask.
  'cli/mdb': ['domain', 'contract', 'mdb', 'host', 'cli'],
  'cli/up': ['domain', 'contract/attributes.ts', 'mdb', 'boot', 'host', 'cli'],
  // It runs in browsers, and knows of Farrier what its API tells.
  console: ['domain', ...of('contract', 'machine', 'pages')],
  scripts: ['*'],
  test: ['*'],
};

/** Packages that a folder may import; every other folder may import any. */
const packages: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ['zod', '@temporalio/common'],
  // What a browser has to fetch, all of it.
  console: [
    ...['react', 'react-dom', 'react-aria-components', '@tanstack/react-query', '@tanstack/react-virtual'],
    '@simplewebauthn/browser',
    '@noble/hashes',
    'uplot',
  ],
};

/** Where only types may be taken from: what workflows know of activities, and the console of schemas, is erased. */
const typesOnly: Readonly<Record<string, readonly string[]>> = {
  console: ['contract'],
  workflows: ['activities'],
};

const inside = (path: string, place: string) => place === '*' || path === place || path.startsWith(`${place}/`);

/** One sentence for each import that points the wrong way. */
export function findViolations(imports: readonly Import[]): string[] {
  const local = imports.filter(isOwn);
  return [
    ...local.flatMap(checkDirection),
    ...imports.flatMap(checkPackages),
    ...imports.flatMap(checkMachineTable),
    ...imports.flatMap(checkBoot),
    ...imports.flatMap(checkTables),
    ...imports.flatMap(checkTransactions),
    ...imports.flatMap(checkSteps),
    ...findCycles(local),
    ...checkSandbox(imports),
  ];
}

function place({ from, line }: Import): string {
  return `${from}:${line}`;
}

/** The innermost folder of those with a rule that holds the file. */
function roomOf(path: string): string | undefined {
  const rooms = Object.keys(allowed).filter((room) => path.startsWith(`${room}/`));
  return rooms.sort((one, other) => other.length - one.length)[0];
}

function checkDirection(each: Import): string[] {
  if (!each.from.includes('/')) return [];
  const folder = roomOf(each.from) ?? each.from.split('/')[0] ?? '';
  if (inside(each.to, folder)) return [];
  if (allowed[folder]?.some((some) => inside(each.to, some))) return [];
  if (typesOnly[folder]?.some((some) => inside(each.to, some))) {
    return each.typeOnly ? [] : [`${place(each)}: ${folder} imports only types of ${each.to}`];
  }
  return [`${place(each)}: ${folder} must not import ${each.to}`];
}

function checkPackages(each: Import): string[] {
  const folder = roomOf(each.from) ?? '';
  const some = packages[folder];
  if (some === undefined || isOwn(each) || some.some((name) => inside(each.to, name))) return [];
  return [`${place(each)}: ${folder} must not import ${each.to}`];
}

function checkMachineTable(each: Import): string[] {
  return each.from === 'domain/machine.ts'
    ? [`${place(each)}: domain/machine.ts imports nothing, not even ${each.to}`]
    : [];
}

function checkBoot(each: Import): string[] {
  if (!inside(each.from, 'boot')) return [];
  return each.to.startsWith('@temporalio/') ? [`${place(each)}: boot never sees Temporal, but imports ${each.to}`] : [];
}

/** Who may name tables: the MDB itself, and `farrier up`, which looks on. All others ask by the question they have. */
const tableReaders = ['mdb', 'cli/up', 'scripts', 'test'];

function checkTables(each: Import): string[] {
  if (each.to !== 'mdb/schema.ts' && !inside(each.to, 'mdb/schema')) return [];
  if (!each.from.includes('/') || tableReaders.some((reader) => inside(each.from, reader))) return [];
  return [`${place(each)}: only mdb/ names tables, but this imports ${each.to}`];
}

/** Where a transaction may begin (docs/decisions/rooms.md). */
const transactors = ['mdb', 'activities', 'scripts', 'test'];

function checkTransactions(each: Import): string[] {
  if (each.to !== 'mdb/acting.ts' || !each.names.includes('acting')) return [];
  if (transactors.some((room) => inside(each.from, room))) return [];
  return [`${place(each)}: a transaction begins in mdb/ or in an activity, and not here`];
}

/**
 * The steps of passages have no activities but those that wait at the gate (workflows/passage/effects.ts): a proxy of their
 * own would act while the passage is paused.
 */
function checkSteps(each: Import): string[] {
  const steps =
    inside(each.from, 'workflows') && each.from.split('/').length > 2 && !inside(each.from, 'workflows/passage');
  if (!steps || each.typeOnly) return [];
  const proxies = each.to === 'workflows/proxies.ts' || each.to === 'workflows/permitproxies.ts';
  const own = each.names.filter((name) => /^proxy(Local)?Activities$|^scheduleActivity$|^executeChild$/.test(name));
  const taken = proxies ? [each.to] : own;
  return taken.map((what) => `${place(each)}: a step acts through its effects only, but imports ${what}`);
}

/** Cycles of imports, of types too: who reads one of the files has to read them all. */
function findCycles(local: readonly Import[]): string[] {
  const edges = Map.groupBy(local, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) {
      cycles.push(`cycle: ${[...way.slice(way.indexOf(file)), file].join(' → ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const { to } of edges.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}

/** What the workflow sandbox has; anything else would be bundled into every cached run, or is not there at all. */
const sandboxed = ['@temporalio/workflow', '@temporalio/common'];

/** Follows the values that workflow code pulls in, through every folder, to what they import from outside. */
function checkSandbox(imports: readonly Import[]): string[] {
  const values = Map.groupBy(
    imports.filter(({ typeOnly }) => !typeOnly),
    ({ from }) => from,
  );
  const reached = new Set([...values.keys()].filter((file) => inside(file, 'workflows')));
  const wrong: string[] = [];
  for (const file of reached) {
    for (const each of values.get(file) ?? []) {
      if (isOwn(each)) reached.add(each.to);
      else if (isBuiltin(each.to))
        wrong.push(`${place(each)}: workflow code runs without Node built-ins, but imports ${each.to}`);
      else if (!sandboxed.includes(each.to)) wrong.push(`${place(each)}: workflow code must not import ${each.to}`);
    }
  }
  return wrong;
}
