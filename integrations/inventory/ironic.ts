/** Ironic: nodes with their ports, as its API lists them or as `openstack baremetal … list --long -f json` writes them. */
import { type Book, noteLeft, openDraft } from './draft.ts';
import { type Fields, isPlainObject, openFields } from './fields.ts';

/** A node's state in Ironic, and what it was told to do there. */
const administrative = [
  ...['links', 'chassis_uuid', 'created_at', 'updated_at', 'provision_updated_at', 'inspection_finished_at'],
  ...[
    'inspection_started_at',
    'power_state',
    'provision_state',
    'provisioning_state',
    'target_power_state',
    'target_provision_state',
  ],
  ...['driver_internal_info', 'instance_info', 'instance_uuid', 'last_error', 'maintenance', 'maintenance_reason'],
  ...['fault', 'reservation', 'clean_step', 'deploy_step', 'raid_config', 'target_raid_config', 'ports', 'portgroups'],
  ...['states', 'volume', 'console_enabled', 'protected', 'protected_reason', 'automated_clean', 'lessee', 'retired'],
  ...['retired_reason', 'network_data', 'allocation_uuid', 'bios_interface', 'boot_interface', 'console_interface'],
  ...['deploy_interface', 'inspect_interface', 'management_interface', 'network_interface', 'power_interface'],
  ...[
    'raid_interface',
    'rescue_interface',
    'storage_interface',
    'vendor_interface',
    'firmware_interface',
    'provisioned_at',
  ],
];

/** Names of the command line (`Power State`) as those of the API (`power_state`). */
function withApiNames(value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  const named = ([name, inner]: [string, unknown]): [string, unknown] =>
    /^[A-Z]/.test(name) ? [name.toLowerCase().replaceAll(' ', '_'), inner] : [name, inner];
  return Object.fromEntries(Object.entries(value).map(named));
}

/** A list of nodes; or `{nodes, ports}`, each a list or a page of the API. */
export function readIronic(book: Book, document: unknown): void {
  const nodes = listIn(document, 'nodes');
  const ports = Map.groupBy(
    (isPlainObject(document) ? listIn(document['ports'], 'ports') : []).map(openFields),
    (port) => port.text('node_uuid'),
  );
  for (const [index, node] of nodes.entries()) {
    const fields = openFields(node);
    fields.pass(...administrative);
    const own = ports.get(fields.text('uuid')) ?? [];
    readNode(book, index + 1, fields, own);
  }
}

function listIn(document: unknown, name: string): unknown[] {
  if (Array.isArray(document)) return document.map(withApiNames);
  return isPlainObject(document) && document[name] !== undefined ? listIn(document[name], name) : [];
}

function readNode(book: Book, row: number, fields: Fields, ports: readonly Fields[]): void {
  const draft = openDraft(book, row, false);
  // It boots from a port that may boot the network.
  const bootable = ports.filter((port) => port.value('pxe_enabled') !== false);
  for (const port of [...bootable, ...ports]) draft.mac('ports.address', port.text('address'));
  const info = fields.inner('driver_info');
  info.pass('redfish_system_id', 'redfish_verify_ca', 'redfish_auth_type', 'deploy_kernel', 'deploy_ramdisk');
  const address = info.text('redfish_address');
  if (address !== null) draft.controller('driver_info.redfish_address', address, null);
  else if (info.value('ipmi_address') !== undefined)
    draft.remark('driver_info.ipmi_address', 'speaks IPMI, and Farrier Redfish: its controller is left out');
  fields.pass('driver');
  const properties = fields.inner('properties');
  properties.pass('cpus', 'memory_mb', 'local_gb', 'cpu_arch', 'vendor');
  draft.tag('name', 'name', fields.text('name'));
  draft.tag('resource_class', 'resource_class', fields.text('resource_class'));
  draft.tag('conductor_group', 'conductor_group', fields.text('conductor_group'));
  const traits = fields.value('traits');
  if (Array.isArray(traits)) for (const trait of traits) draft.tag('traits', String(trait), 'yes');
  noteLeft(book, fields);
  draft.keep();
}
