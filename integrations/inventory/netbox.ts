/** NetBox: devices and their interfaces as its REST API lists them, or the table of devices that it exports. */
import { type Book, type Draft, noteLeft, openDraft, rackIdFrom } from './draft.ts';
import { type Fields, isPlainObject, openFields, textOf } from './fields.ts';
import { plainCells } from './plain.ts';
import type { TableLine } from './values.ts';

/** Roles of what stands in racks beside servers. */
const noServer = /switch|router|firewall|patch|pdu|\bups\b|console|access.?point|kvm|modem|cable|blank/i;

/** Of a device or interface: what says nothing of the server itself. */
const administrative = [
  ...['id', 'url', 'display', 'display_url', 'created', 'last_updated', 'description', 'comments'],
  ...['interface_count', 'console_port_count', 'console_server_port_count', 'power_port_count', 'power_outlet_count'],
  ...['front_port_count', 'rear_port_count', 'device_bay_count', 'module_bay_count', 'inventory_item_count', 'airflow'],
];

/** `{devices, interfaces}`, a page `{results}` of devices, or their list. */
export function readNetbox(book: Book, document: unknown): void {
  const devices = listIn(document, 'devices');
  const interfaces = Map.groupBy(isPlainObject(document) ? listIn(document['interfaces'], 'results') : [], (one) =>
    textOf(openFields(one).inner('device').value('id')),
  );
  for (const [index, device] of devices.entries()) {
    const fields = openFields(device);
    fields.pass(...administrative);
    readDevice(book, index + 1, fields, interfaces.get(textOf(fields.value('id'))) ?? []);
  }
}

function listIn(document: unknown, name: string): unknown[] {
  if (Array.isArray(document)) return document;
  if (!isPlainObject(document)) return [];
  return listIn(document[name] ?? document['results'] ?? [], 'results');
}

function readDevice(book: Book, row: number, fields: Fields, interfaces: readonly unknown[]): void {
  const draft = openDraft(book, row, false);
  const name = fields.text('name');
  const role = nameOf(fields, 'role') ?? nameOf(fields, 'device_role');
  fields.pass('device_role', 'status');
  const status = textOf(fields.inner('status').value('value'));
  if (passesOver(draft, role, status)) return;
  for (const one of interfaces) readInterface(draft, openFields(one));
  draft.serial(fields.text('serial'));
  draft.place('position', rackIdFrom(nameOf(fields, 'rack')), fields.text('position'), null);
  draft.controller('oob_ip', addressOf(fields.inner('oob_ip')), null);
  readLabels(draft, { name, role, location: nameOf(fields, 'location'), tenant: nameOf(fields, 'tenant') });
  draft.tag('asset_tag', 'asset_tag', fields.text('asset_tag'));
  for (const tag of fields.list('tags')) {
    draft.tag('tags', tag.text('slug') ?? '', 'yes');
    tag.pass('id', 'url', 'display', 'display_url', 'name', 'color');
  }
  noteLeft(book, fields);
  draft.keep();
}

/** Whether it is no server, or one that is going. */
function passesOver(draft: Draft, role: string | null, status: string | null): boolean {
  if (role !== null && noServer.test(role)) draft.remark('role', 'is not that of a server: left out');
  else if (status !== null && /^decommissioning$/i.test(status))
    draft.remark('status', 'says that it is going: left out');
  else return false;
  return true;
}

/** Cards of the machine itself: not its controller's, and none that only bundle or divide others. */
function readInterface(draft: Draft, fields: Fields): void {
  const type = textOf(fields.inner('type').value('value')) ?? '';
  if (fields.value('mgmt_only') === true || /^(virtual|bridge|lag)$/.test(type)) return;
  const mac = fields.text('mac_address') ?? fields.inner('primary_mac_address').text('mac_address');
  draft.mac('interfaces.mac_address', mac);
}

/** An object's name; of older versions the text in its place. */
function nameOf(fields: Fields, field: string): string | null {
  const inner = fields.inner(field);
  inner.pass('id', 'url', 'display', 'display_url', 'slug', 'description', 'device_count', '_depth', 'label', 'value');
  return inner.text('name') ?? fields.text(field);
}

function addressOf(address: Fields): string | null {
  address.pass('id', 'url', 'display', 'display_url', 'family', 'description');
  return address.text('address')?.replace(/\/\d+$/, '') ?? null;
}

function readLabels(draft: Draft, labels: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(labels)) draft.tag(name, name, value);
}

/** Names of the table's columns; they are the same in every language that NetBox speaks, when it is set to English. */
export function readNetboxTable(book: Book, lines: readonly TableLine[]): void {
  for (const line of lines) {
    const fields = openFields(plainCells(book, line));
    fields.pass('ID', 'Created', 'Last updated', 'Description', 'Comments');
    const draft = openDraft(book, line.row, false);
    const role = fields.text('Role') ?? fields.text('Device Role');
    if (passesOver(draft, role, fields.text('Status'))) continue;
    for (const mac of fields.text('MAC Address')?.split(/[\s,]+/) ?? []) draft.mac('MAC Address', mac);
    draft.serial(fields.text('Serial number'));
    draft.place('Position', rackIdFrom(fields.text('Rack')), fields.text('Position'), null);
    draft.controller('OOB IP', fields.text('OOB IP')?.replace(/\/\d+$/, '') ?? null, null);
    readLabels(draft, {
      ...{ name: fields.text('Name'), role, location: fields.text('Location'), tenant: fields.text('Tenant') },
      asset_tag: fields.text('Asset tag'),
    });
    for (const tag of fields.text('Tags')?.split(',') ?? []) draft.tag('Tags', tag.trim(), 'yes');
    noteLeft(book, fields);
    draft.keep();
  }
}
