/** What free tags may be called, and be. */
import { columnNames } from './attributes.ts';
import type { Refused } from './refused.ts';

/** Tags that one machine may have. */
export const maxTags = 64;

/** As semaphores' ids have it, so that each tag names a group (`contract/semaphore.ts`). */
const nameForm = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/;
const valueForm = /^[A-Za-z0-9][A-Za-z0-9_. -]{0,126}$/;

/** Columns, words of selectors and semaphores, and what the Dominator would take for its own field, in lower case. */
const reserved = new Set(
  [
    ...columnNames,
    ...['all', 'in', 'notin', 'fleet', 'tag'],
    ...['RequiredImage', 'PlannedImage', 'DisableUpdates', 'OwnerGroup', 'FarrierFetch'],
  ].map((name) => name.toLowerCase()),
);
/** What the agent's inventory finds and writes anew each time. */
const found = new Set(['tpm', 'watchdog']);

/** Why a name can't be that of a tag that somebody sets; null when it can. */
export function checkTagName(name: string): string | null {
  if (!nameForm.test(name))
    return `${JSON.stringify(name.slice(0, 80))} is not the name of a tag: a letter, then at most 62 letters, digits and _.-`;
  if (reserved.has(name.toLowerCase())) return `the name ${name} is reserved: it means something else already`;
  return found.has(name) ? `the tag ${name} is written by the machine's inventory, and not by hand` : null;
}

/** Everything that is wrong with tags, a sentence each. */
export function checkTags(given: Readonly<Record<string, string>>): string[] {
  const problems = Object.entries(given).flatMap(([name, value]) => {
    const problem = checkTagName(name);
    if (problem !== null) return [problem];
    if (valueForm.test(value)) return [];
    return [`the value of ${name} is not a letter or digit and at most 126 letters, digits, blanks and _.- behind it`];
  });
  if (Object.keys(given).length > maxTags) problems.push(`there are more than ${maxTags} tags`);
  return problems;
}

export type Tags = Readonly<Record<string, string>>;

export interface TagEdit {
  readonly set: Tags;
  readonly remove: readonly string[];
}

/** Everything that is wrong with a change of tags on its own, a sentence each. */
export function checkTagChange({ set, remove }: TagEdit): string[] {
  const problems = [...checkTags(set), ...remove.flatMap((name) => checkTagName(name) ?? [])];
  const twice = remove.find((name) => Object.hasOwn(set, name));
  return twice === undefined ? problems : [...problems, `${twice} is both set and removed`];
}

/** Whether a machine that had these tags is another one by the change. */
export function changesTags(had: Tags, { set, remove }: TagEdit): boolean {
  return (
    remove.some((name) => Object.hasOwn(had, name)) || Object.entries(set).some(([name, value]) => had[name] !== value)
  );
}

/** Why a change may not be made to machines that have these tags; null when it may. */
export function refuseTagChange(before: ReadonlyMap<string, Tags>, { set, remove }: TagEdit): Refused | null {
  const machines = [...before];
  for (const name of remove)
    if (!machines.some(([, had]) => Object.hasOwn(had, name))) {
      const where = machines.length === 1 ? ` on ${machines[0]?.[0]}` : '';
      return { code: 'not-found', message: `there is no tag ${name} to remove${where}`, field: 'remove' };
    }
  for (const [id, had] of machines) {
    const names = new Set([...Object.keys(had), ...Object.keys(set)]);
    for (const name of remove) names.delete(name);
    if (names.size > maxTags)
      return {
        code: 'invalid',
        message: `${id} would have ${names.size} tags, and may have ${maxTags}`,
        field: 'set',
      };
  }
  return null;
}
