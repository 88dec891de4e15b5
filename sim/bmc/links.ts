export type Document = Record<string, unknown>;

export const simServiceRoot = '/redfish/v1';

export const linkTo = (path: string): { readonly '@odata.id': string } => ({ '@odata.id': `${simServiceRoot}${path}` });

export function collection(type: string, name: string, paths: readonly string[]): Document {
  return {
    '@odata.type': `#${type}Collection.${type}Collection`,
    Name: name,
    'Members@odata.count': paths.length,
    Members: paths.map(linkTo),
  };
}
