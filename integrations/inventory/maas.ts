/** MAAS: `maas PROFILE machines read`, with `machines power-parameters` beside it where there is that. */
import { type Book, noteLeft, openDraft } from './draft.ts';
import { type Fields, isPlainObject, openFields } from './fields.ts';

/** A machine's state in MAAS, and what its own inventory found. */
const administrative = [
  ...['resource_uri', 'fqdn', 'domain', 'owner', 'owner_data', 'status', 'status_name', 'status_action'],
  ...['status_message', 'power_state', 'ip_addresses', 'osystem', 'distro_series', 'hwe_kernel', 'min_hwe_kernel'],
  ...[
    'netboot',
    'node_type',
    'node_type_name',
    'locked',
    'dynamic',
    'ephemeral_deploy',
    'current_commissioning_result_id',
  ],
  ...[
    'current_testing_result_id',
    'current_installation_result_id',
    'commissioning_status',
    'commissioning_status_name',
  ],
  ...['testing_status', 'testing_status_name', 'cpu_test_status', 'cpu_test_status_name', 'memory_test_status'],
  ...['memory_test_status_name', 'network_test_status', 'network_test_status_name', 'storage_test_status'],
  ...['storage_test_status_name', 'other_test_status', 'other_test_status_name', 'interface_test_status'],
  ...['interface_test_status_name', 'cpu_count', 'cpu_speed', 'memory', 'storage', 'architecture', 'bios_boot_method'],
  ...[
    'default_gateways',
    'blockdevice_set',
    'physicalblockdevice_set',
    'virtualblockdevice_set',
    'special_filesystems',
  ],
  ...['boot_disk', 'cache_sets', 'bcaches', 'raids', 'volume_groups', 'numanode_set', 'disable_ipv4', 'address_ttl'],
  ...['swap_size', 'license_key', 'description', 'virtualmachine_id', 'pod', 'parent', 'workload_annotations'],
  ...['hardware_uuid', 'last_sync', 'next_sync', 'sync_interval', 'enable_hw_sync', 'error', 'error_description'],
  ...['interface_test_status', 'iscsiblockdevice_set', 'constraints_by_type', 'tag_names_hidden', 'is_dpu'],
];

/** Its list; or `{machines, power_parameters}`. */
export function readMaas(book: Book, document: unknown): void {
  const whole = isPlainObject(document) ? document : { machines: document };
  const power = openFields(whole['power_parameters']);
  const machines = Array.isArray(whole['machines']) ? whole['machines'] : [];
  for (const [index, machine] of machines.entries()) {
    const fields = openFields(machine);
    fields.pass(...administrative);
    const id = fields.text('system_id') ?? '';
    readMachine(book, index + 1, fields, power.inner(id));
  }
}

function readMachine(book: Book, row: number, fields: Fields, power: Fields): void {
  const draft = openDraft(book, row, false);
  draft.mac('boot_interface.mac_address', openFields(fields.value('boot_interface')).text('mac_address'));
  const cards = fields.value('interface_set');
  for (const card of Array.isArray(cards) ? cards.map(openFields) : [])
    if (card.value('type') === 'physical') draft.mac('interface_set.mac_address', card.text('mac_address'));
  const hardware = openFields(fields.value('hardware_info'));
  draft.serial(hardware.text('system_serial'));
  const own = fields.inner('power_parameters');
  const address = power.text('power_address') ?? own.text('power_address');
  const type = fields.text('power_type');
  if (address !== null && type === 'redfish') draft.controller('power_parameters.power_address', address, null);
  else if (type !== null && type !== 'manual' && type !== 'redfish')
    draft.remark('power_type', 'is not redfish: its controller is left out');
  draft.tag('hostname', 'name', fields.text('hostname'));
  draft.tag('zone', 'zone', openFields(fields.value('zone')).text('name'));
  draft.tag('pool', 'maas_pool', openFields(fields.value('pool')).text('name'));
  const tags = fields.value('tag_names');
  for (const tag of Array.isArray(tags) ? tags : []) draft.tag('tag_names', String(tag), 'yes');
  noteLeft(book, fields);
  draft.keep();
}
