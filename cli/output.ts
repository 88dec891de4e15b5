/** In which forms an answer can be written. Pure. */

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof formats)[number];

/** By which members a thing is named, the first that it has. */
const naming = ['id', 'machineId', 'name', 'rack', 'passage', 'team', 'operation'];

/** What `-o name` writes: the names of what an answer lists, or of what it shows. */
export function namesOf(answer: unknown): string[] {
  if (Array.isArray(answer)) return answer.flatMap((one) => namesOf(one).slice(0, 1));
  if (typeof answer !== 'object' || answer === null) return [];
  const members = answer as Readonly<Record<string, unknown>>;
  const name = naming.map((member) => members[member]).find((value) => typeof value === 'string' && value !== '');
  if (name !== undefined) return [name as string];
  // What is around it, as `{ "order": { "id": … }, … }` or `{ "drifts": [ … ], … }`.
  return (
    Object.values(members)
      .map(namesOf)
      .find((names) => names.length > 0) ?? []
  );
}
