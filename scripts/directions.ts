import { type Import, isBuiltin } from './imports.ts';

/** What a folder may import besides itself; a folder that is missing here may not exist. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ['domain'],
  mdb: ['domain', 'contract'],
  boot: ['domain', 'contract', 'mdb'],
  redfish: ['domain', 'contract'],
  integrations: ['domain', 'contract'],
  activities: ['domain', 'contract', 'mdb', 'boot', 'redfish', 'integrations'],
  workflows: ['domain', 'contract'],
  host: ['domain', 'contract', 'mdb'],
  client: ['domain', 'contract'],
  api: ['domain', 'contract', 'mdb', 'boot', 'host', 'client'],
  workers: ['domain', 'contract', 'mdb', 'boot', 'host', 'redfish', 'integrations', 'activities', 'client'],
  sim: ['domain', 'contract', 'mdb', 'boot', 'host', 'client'],
  // By hand, a controller is read in the same process: the same client, and nothing of the workflows around it.
  cli: ['domain', 'contract', 'mdb', 'boot', 'host', 'client', 'redfish'],
  scripts: ['*'],
  test: ['*'],
};

/** Where only types may be taken from: what workflows know of activities is erased before they run. */
const typesOnly: Readonly<Record<string, readonly string[]>> = {
  workflows: ['activities'],
};

const inside = (path: string, place: string) => place === '*' || path === place || path.startsWith(`${place}/`);

/** One sentence for each import that points the wrong way. */
export function findViolations(imports: readonly Import[]): string[] {
  const local = imports.filter(({ to }) => to.endsWith('.ts'));
  return [
    ...local.flatMap(checkDirection),
    ...imports.flatMap(checkMachineTable),
    ...imports.flatMap(checkBoot),
    ...imports.flatMap(checkSteps),
    ...findCycles(local),
    ...checkSandbox(imports),
  ];
}

function place({ from, line }: Import): string {
  return `${from}:${line}`;
}

function checkDirection(each: Import): string[] {
  const folder = each.from.includes('/') ? (each.from.split('/')[0] ?? '') : null;
  if (folder === null || inside(each.to, folder)) return [];
  if (allowed[folder]?.some((some) => inside(each.to, some))) return [];
  if (typesOnly[folder]?.some((some) => inside(each.to, some))) {
    return each.typeOnly ? [] : [`${place(each)}: ${folder} imports only types of ${each.to}`];
  }
  return [`${place(each)}: ${folder} must not import ${each.to}`];
}

function checkMachineTable(each: Import): string[] {
  return each.from === 'domain/machine.ts'
    ? [`${place(each)}: domain/machine.ts imports nothing, not even ${each.to}`]
    : [];
}

function checkBoot(each: Import): string[] {
  if (!inside(each.from, 'boot')) return [];
  const temporal = each.to.startsWith('@temporalio/') || each.to === 'contract/attributes.ts';
  return temporal ? [`${place(each)}: boot never sees Temporal, but imports ${each.to}`] : [];
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

/** Cycles of imports that exist when the program runs; a cycle of types is erased. */
function findCycles(local: readonly Import[]): string[] {
  const edges = Map.groupBy(
    local.filter(({ typeOnly }) => !typeOnly),
    ({ from }) => from,
  );
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
      if (each.to.endsWith('.ts')) reached.add(each.to);
      else if (isBuiltin(each.to))
        wrong.push(`${place(each)}: workflow code runs without Node built-ins, but imports ${each.to}`);
      else if (!sandboxed.includes(each.to)) wrong.push(`${place(each)}: workflow code must not import ${each.to}`);
    }
  }
  return wrong;
}
