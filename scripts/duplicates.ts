import { parseSync } from 'oxc-parser';

/** One source file; the path is relative to the checkout, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly source: string;
}

/** Files that have to export names of others, and why. */
const standIns: Readonly<Record<string, string>> = {
  'test/replay/broken.ts': 'Temporal finds a workflow by its exported name, and these stand in for the real ones',
};

/**
 * Names that two files export, as sentences. A type and a value of one name in one file are one name, as a schema and
 * the type inferred from it are; passing on another file's export declares nothing.
 */
export function findDuplicates(files: readonly SourceFile[], allowed = standIns): string[] {
  const homes = new Map<string, string[]>();
  for (const { path, source } of files) {
    for (const name of exportedNames(path, source)) homes.set(name, [...(homes.get(name) ?? []), path]);
  }
  const repeated = [...homes].filter(([, paths]) => paths.length > 1);
  const duplicates = repeated.flatMap(([name, paths]) => {
    const counted = paths.filter((path) => !(path in allowed));
    return counted.length > 1 ? [`${name} is exported by ${counted.join(' and by ')}`] : [];
  });
  const needless = Object.keys(allowed).filter((path) => !repeated.some(([, paths]) => paths.includes(path)));
  return [
    ...duplicates.sort(),
    ...needless.map((path) => `${path} exports no name of another file: take it off the list in scripts/duplicates.ts`),
  ];
}

function exportedNames(path: string, source: string): Set<string> {
  const { module } = parseSync(path, source);
  const own = module.staticExports.flatMap(({ entries }) => entries.filter(({ moduleRequest }) => !moduleRequest));
  return new Set(own.flatMap(({ exportName }) => (exportName.kind === 'Name' && exportName.name) || []));
}
