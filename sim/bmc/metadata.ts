import { type Document, simServiceRoot } from './links.ts';
import type { Reply } from './reply.ts';

/** Finds a document by its path below the root, as its controller shows it. */
type Find = (below: string) => Document | undefined;

/** More than any simulated controller has, so that a circle of documents ends. */
const maxDocuments = 2000;

/** The two OData documents, which anybody may read; undefined for any other path. */
export function odataDocument(below: string, find: Find): Reply | undefined {
  if (below === '/$metadata')
    return { status: 200, text: { type: 'application/xml', content: metadataOf(typesIn(find)) } };
  return below === '/odata' ? { status: 200, body: serviceDocument(find('') ?? {}) } : undefined;
}

/** The JSON schema of a document's type, as DMTF publishes it; null for a document without a type. */
export function schemaOf(document: Document): string | null {
  const type = /^#([\w.]+)\.\w+$/.exec(String(document['@odata.type'] ?? ''))?.[1];
  return type === undefined ? null : `http://redfish.dmtf.org/schemas/v1/${type}.json`;
}

/** Types of everything that is linked from the root, e.g. `Chassis.v1_25_0`. */
function typesIn(find: Find): string[] {
  const types = new Set<string>();
  const seen = new Set(['']);
  for (const path of seen) {
    const document = find(path);
    for (const [name, value] of document ? flat(document) : []) {
      if (name === '@odata.type') types.add(value.replace(/^#/, '').replace(/\.\w+$/, ''));
      const below = value.split('#')[0] ?? '';
      if (name === '@odata.id' && below.startsWith(`${simServiceRoot}/`) && seen.size < maxDocuments)
        seen.add(below.slice(simServiceRoot.length).replace(/\/+$/, ''));
    }
  }
  return [...types].sort();
}

/** All texts of a document with the names of their properties. */
function flat(value: object): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]) => {
    if (typeof inner === 'string') return [[name, inner] as [string, string]];
    return typeof inner === 'object' && inner !== null ? flat(inner) : [];
  });
}

function metadataOf(types: readonly string[]): string {
  const names = Map.groupBy(types, (type) => type.split('.')[0] ?? type);
  const references = [...names].map(([name, versions]) => {
    const includes = [...new Set([name, ...versions])].map((one) => `<edmx:Include Namespace="${one}"/>`);
    return `<edmx:Reference Uri="http://redfish.dmtf.org/schemas/v1/${name}_v1.xml">${includes.join('')}</edmx:Reference>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">',
    ...references,
    '<edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">',
    '<EntityContainer Name="Service" Extends="ServiceRoot.v1_0_0.ServiceContainer"/>',
    '</Schema></edmx:DataServices></edmx:Edmx>',
  ].join('\n');
}

function serviceDocument(service: Document): Document {
  const linked = Object.entries(service).flatMap(([name, value]) => {
    const url = (value as Document | null)?.['@odata.id'];
    return typeof url === 'string' ? [{ name, kind: 'Singleton', url }] : [];
  });
  return {
    '@odata.context': `${simServiceRoot}/$metadata`,
    value: [{ name: 'Service', kind: 'Singleton', url: `${simServiceRoot}/` }, ...linked],
  };
}
