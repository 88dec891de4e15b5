/** Manifests of Metal3 (`BareMetalHost`) and Tinkerbell (`Hardware` with its `Machine`), as `kubectl get -o yaml` writes them. */
import { type Book, type Draft, noteLeft, openDraft } from './draft.ts';
import { type Fields, isPlainObject, openFields } from './fields.ts';

/** A document, and where it stands. */
interface Manifest {
  readonly row: number;
  readonly kind: string;
  readonly fields: Fields;
}

/** Every manifest of the documents, those in lists too. */
function manifestsOf(documents: readonly unknown[]): Manifest[] {
  const flat = documents.flatMap((one) => (isPlainObject(one) && Array.isArray(one['items']) ? one['items'] : [one]));
  return flat.map((one, index) => {
    const fields = openFields(one);
    const version = fields.text('apiVersion')?.split('/')[0] ?? '';
    return { row: index + 1, kind: `${version}/${fields.text('kind') ?? ''}`, fields };
  });
}

export function readMetal3(book: Book, documents: readonly unknown[]): void {
  for (const { row, kind, fields } of manifestsOf(documents)) {
    if (kind === 'metal3.io/BareMetalHost') readHost(book, row, fields);
    else passOver(book, row, kind);
  }
}

export function readTinkerbell(book: Book, documents: readonly unknown[]): void {
  const manifests = manifestsOf(documents);
  const controllers = new Map(
    manifests.flatMap(({ kind, fields }) =>
      kind === 'bmc.tinkerbell.org/Machine'
        ? [[nameOf(fields), fields.inner('spec').inner('connection')] as const]
        : [],
    ),
  );
  for (const { row, kind, fields } of manifests) {
    if (kind === 'tinkerbell.org/Hardware') readHardware(book, row, fields, controllers);
    else if (kind !== 'bmc.tinkerbell.org/Machine') passOver(book, row, kind);
  }
}

/** What it holds is not even looked at: credentials stay where they are. */
function passOver(book: Book, row: number, kind: string): void {
  const what = kind.replace(/[^\w./-]/g, '').slice(0, 80);
  const detail = what.endsWith('/Secret')
    ? `is a Secret: credentials are not taken`
    : `is ${what}, which is no machine`;
  book.remarks.push({ row, field: null, detail });
}

function readHost(book: Book, row: number, fields: Fields): void {
  const draft = openDraft(book, row, false);
  readMetadata(draft, fields);
  const spec = fields.inner('spec');
  draft.mac('spec.bootMACAddress', spec.text('bootMACAddress'));
  // Found by its inspection, and told where the manifest was read from a cluster.
  const found = openFields(fields.value('status')).inner('hardware');
  for (const nic of found.list('nics')) draft.mac('status.hardware.nics', nic.text('mac'));
  draft.serial(found.inner('systemVendor').text('serialNumber'));
  const bmc = spec.inner('bmc');
  bmc.pass('disableCertificateVerification');
  const address = bmc.text('address');
  const secret = bmc.text('credentialsName');
  // Without a scheme it is IPMI's.
  const isIpmi = address !== null && !address.includes('://');
  if (isIpmi) draft.remark('spec.bmc.address', 'speaks IPMI, and Farrier Redfish: its controller is left out');
  else draft.controller('spec.bmc.address', address, secret);
  spec.pass(
    'online',
    'bootMode',
    'consumerRef',
    'image',
    'userData',
    'networkData',
    'metaData',
    'automatedCleaningMode',
  );
  noteLeft(book, fields);
  draft.keep();
}

function readHardware(book: Book, row: number, fields: Fields, controllers: ReadonlyMap<string | null, Fields>): void {
  const draft = openDraft(book, row, false);
  readMetadata(draft, fields);
  fields.pass('status');
  const spec = fields.inner('spec');
  const cards = spec.list('interfaces').map((card) => {
    const [dhcp, netboot] = [card.inner('dhcp'), card.inner('netboot')];
    dhcp.pass('arch', 'hostname', 'ip', 'lease_time', 'name_servers', 'time_servers', 'uefi', 'vlan_id', 'iface_name');
    netboot.pass('allowWorkflow', 'ipxe', 'osie');
    return { mac: dhcp.text('mac'), boots: netboot.value('allowPXE') === true };
  });
  const inOrder = [...cards.filter(({ boots }) => boots), ...cards.filter(({ boots }) => !boots)];
  for (const { mac } of inOrder) draft.mac('spec.interfaces.dhcp.mac', mac);
  const reference = spec.inner('bmcRef');
  reference.pass('apiGroup', 'kind');
  const name = reference.text('name');
  const connection = controllers.get(name);
  if (connection !== undefined) readConnection(draft, connection);
  else if (name !== null) draft.remark('spec.bmcRef', 'names a controller that is not among these manifests');
  spec.pass('disks', 'metadata', 'userData', 'vendorData', 'resources', 'tinkVersion');
  noteLeft(book, fields);
  draft.keep();
}

/** Tinkerbell tries one protocol after another there; Farrier asks for Redfish at its usual port unless one is told for it. */
function readConnection(draft: Draft, connection: Fields): void {
  const host = connection.text('host');
  const port = connection.inner('providerOptions').inner('redfish').text('port');
  const address = host === null ? null : `https://${host}${port === null ? '' : `:${port}`}`;
  draft.controller('bmc.spec.connection.host', address, connection.inner('authSecretRef').text('name'));
}

const nameOf = (fields: Fields) => fields.inner('metadata').text('name');

function readMetadata(draft: Draft, fields: Fields): void {
  const metadata = fields.inner('metadata');
  metadata.pass(
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'managedFields',
    'finalizers',
    'ownerReferences',
  );
  draft.tag('metadata.name', 'name', metadata.text('name'));
  draft.tag('metadata.namespace', 'namespace', metadata.text('namespace'));
  const labels = metadata.value('labels');
  if (isPlainObject(labels))
    for (const [name, value] of Object.entries(labels))
      draft.tag(
        `metadata.labels.${name.slice(0, 80)}`,
        name,
        typeof value === 'string' && value !== '' ? value : 'yes',
      );
}
