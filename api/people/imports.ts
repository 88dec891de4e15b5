import * as contract from '../../contract/importschemas.ts';
import type { ImportPlan } from '../../domain/imports/plan.ts';
import { maxInventory } from '../../domain/imports/row.ts';
import { ReadersBusy, readAside } from '../../integrations/inventory/reading.ts';
import { UnreadableInventory } from '../../integrations/inventory/values.ts';
import { applyImport, type HashedPlan, type ImportSpec, planOfImport } from '../../mdb/machines/importing.ts';
import type { PeopleDependencies } from './app.ts';
import { ApiError, granted } from './errors.ts';
import { hasSecret } from './names.ts';
import { type ApiRoute, route } from './route.ts';

/** Inventories of elsewhere: what they would change, and then that. */
export const importRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/imports',
    tag: 'inventory',
    summary: 'Plans an import, or does the plan that was reviewed; may be repeated',
    right: { role: 'operator', of: 'site' },
    effect: 'write',
    reason: 'optional',
    body: contract.importRequest,
    answers: { 200: contract.importPlan },
    // The text comes as a string of JSON, in which each line break and quote takes two.
    bodyLimit: 2 * maxInventory,
    handle: async ({ body, operator, mdb, siteId, dependencies }) => {
      const { format, inventory } = await readText(body);
      const spec: ImportSpec = { siteId, format, inventory, secretRef: body.secret ?? null };
      const reviewed = body.plan === undefined ? null : { hash: body.plan, reason: body.reason ?? null };
      const found =
        reviewed === null ? await planOfImport(mdb, spec) : granted(await applyImport(mdb, operator, spec, reviewed));
      return show(spec, found, reviewed !== null, await notesOn(dependencies, found.plan));
    },
  }),
];

function readText({ text, format }: { readonly text: string; readonly format?: ImportSpec['format'] | undefined }) {
  return readAside({ text, format }).catch((error: unknown) => {
    if (error instanceof UnreadableInventory) throw new ApiError('invalid', error.message, 'text');
    throw error instanceof ReadersBusy ? new ApiError('busy', error.message) : error;
  });
}

function show(
  { format, inventory }: ImportSpec,
  { hash, plan }: HashedPlan,
  applied: boolean,
  notes: string[],
): contract.ImportView {
  const { racks, machines, changes, controllers, same, skipped, problems, remarks } = plan;
  const first = <T>(list: readonly T[]) => list.slice(0, contract.maxShown);
  return {
    ...{ format, hash, applied, notes },
    counts: {
      ...{ racks: racks.length, machines: machines.length, changes: changes.length, controllers: controllers.length },
      ...{ same, skipped, problems: problems.length, remarks: remarks.length },
    },
    racks: first(racks.map(({ id }) => id)),
    machines: first(machines).map((one) => ({ ...one, macs: [...one.macs] })),
    changes: first(changes).map(({ mac: _, ...one }) => ({ ...one, macs: [...one.macs] })),
    controllers: first(controllers),
    problems: first(problems),
    remarks: first(remarks),
    leftOut: first(inventory.leftOut),
  };
}

/** Secrets may be laid down later; in silence they would be forgotten. */
async function notesOn(dependencies: PeopleDependencies, plan: ImportPlan): Promise<string[]> {
  const given = [...plan.machines, ...plan.changes].flatMap(({ controller }) => controller?.secretRef ?? []);
  const wanted = [...new Set([...given, ...plan.controllers.map(({ secretRef }) => secretRef)])].slice(0, 50);
  const there = await Promise.all(wanted.map((reference) => hasSecret(dependencies, reference)));
  return wanted.filter((_, index) => !there[index]).map((reference) => `there is no secret ${reference} yet`);
}
