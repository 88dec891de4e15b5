import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** One import or re-export of a source file. */
export interface Import {
  readonly from: string;
  /** Path of the file for a relative import, else the specifier as written. */
  readonly to: string;
  readonly line: number;
  /** What is taken, by its name in the other file; empty for a whole module. */
  readonly names: readonly string[];
  /** Erased before it runs. */
  readonly typeOnly: boolean;
}

/** The imports of one file; the path is relative to the checkout, with forward slashes. */
export function readImports(path: string, source: string): Import[] {
  const { module } = parseSync(path, source);
  const found = (start: number, specifier: string, typeOnly: boolean, names: readonly string[] = []): Import => ({
    from: path,
    to: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier,
    line: source.slice(0, start).split('\n').length,
    names,
    typeOnly,
  });
  return [
    ...module.staticImports.map(({ start, moduleRequest, entries }) =>
      found(
        start,
        moduleRequest.value,
        entries.length > 0 && entries.every(({ isType }) => isType),
        entries.flatMap(({ importName }) => importName.name ?? []),
      ),
    ),
    ...module.staticExports.flatMap(({ start, entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest ? [found(start, moduleRequest.value, isType)] : [],
      ),
    ),
    ...module.dynamicImports.map(({ start, moduleRequest }) =>
      found(start, source.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, ''), false),
    ),
  ];
}

/** Whether what is imported is a file of this checkout, and no package. */
export function isOwn({ to }: Import): boolean {
  return /\.tsx?$/.test(to);
}

export function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}
