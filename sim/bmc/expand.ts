import { type Document, simServiceRoot } from './links.ts';

/** What the service root says of `$expand`, for a controller that puts in so many levels. */
export function expandFeatures(levels: number, all: boolean): Document {
  const ExpandQuery = { ExpandAll: all, Levels: true, Links: all, MaxLevels: levels, NoLinks: true };
  return { ExpandQuery, FilterQuery: false, OnlyMemberQuery: false, SelectQuery: false };
}

/** Levels that a query asks for; null for a query that this service doesn't know. */
export function expandLevels(query: string, max: number, all: boolean): number | null {
  if (query.startsWith('*') && !all) return null;
  const [, levels = '1'] = /^[.*](?:\(\$levels=([1-9])\))?$/.exec(query) ?? [null, null];
  const wanted = levels === null ? 0 : Number(levels);
  return wanted >= 1 && wanted <= max ? wanted : null;
}

/** The document with what it links to in place of the links, except below `Links`. `at` finds a document by its path. */
export function expanded(document: Document, levels: number, at: (below: string) => Document | undefined): Document {
  const inlined = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inlined);
    if (typeof value !== 'object' || value === null) return value;
    const target = targetOf(value);
    if (target === null) return expandedParts(value as Document);
    const linked = levels > 0 ? at(target) : undefined;
    return linked === undefined ? value : expanded(linked, levels - 1, at);
  };
  const expandedParts = (parts: Document): Document =>
    Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, name === 'Links' ? value : inlined(value)]));
  return expandedParts(document);
}

/** Where a value leads that is nothing but a link; a link into another document's middle isn't one. */
function targetOf(value: object): string | null {
  const [[name, path] = [], ...more] = Object.entries(value);
  const link = name === '@odata.id' && more.length === 0 && typeof path === 'string' ? path : '';
  return link.startsWith(simServiceRoot) && !link.includes('#') ? link.slice(simServiceRoot.length) : null;
}
