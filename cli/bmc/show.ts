import type { HardwareReading } from '../../redfish/read/inventory.ts';
import type { LogEntry, LogsReading } from '../../redfish/read/logs.ts';
import type { ProbeReport } from '../../redfish/read/probe.ts';
import type { Gap } from '../../redfish/read/reader.ts';
import type { Sensor, SensorReading } from '../../redfish/read/sensors.ts';
import type { Screen } from '../context.ts';
import { bytes, memory } from '../format.ts';
import { type Column, cleanCell } from '../table.ts';

/** The key of the controller's certificate; nothing for plain HTTP. */
export function showPin(screen: Screen, pin: string | null, given: string | undefined): void {
  if (pin === null) screen.line('Plain HTTP: anybody on the way could read the password.');
  else if (given === undefined) screen.line(`Its certificate was not checked; next time: --pin ${pin}`);
}

export function showProbe(screen: Screen, probe: ProbeReport): void {
  const { service, identity, system, limits } = probe;
  screen.facts('Controller', [
    ['model', probe.controllers.map(({ model }) => model).join(', ')],
    ['firmware', probe.controllers.map(({ firmware }) => firmware).join(', ')],
    ['macs', probe.controllers.flatMap(({ macs }) => macs).join(' ')],
    ['Redfish', [service.version, service.vendor, service.product].filter(Boolean).join(' ')],
    ['expands', service.expands ? 'yes' : 'no'],
  ]);
  showIdentity(screen, identity);
  screen.facts('System', [
    ['path', system.path],
    ['power', system.power],
    ['BIOS', system.biosVersion],
    ['resets', probe.resetTypes.join(' ')],
    ['boot from', probe.bootTargets.join(' ')],
  ]);
  screen.facts(
    'Offers',
    Object.entries(probe.offers).map(([name, words]) => [name, words ?? 'no'] as const),
  );
  screen.facts('Limits', [
    ['password', limits && `${limits.shortestPassword ?? 0} to ${limits.maxPassword ?? '?'} characters`],
    ['locks after', limits?.lockoutAfter && `${limits.lockoutAfter} attempts, for ${limits.lockoutFor ?? '?'} s`],
  ]);
  for (const quirk of probe.quirks) screen.line(`Allowed for: ${quirk}`);
  showGaps(screen, probe.gaps);
}

export function showInventory(screen: Screen, inventory: HardwareReading): void {
  showIdentity(screen, inventory.identity);
  screen.facts('System', [
    ['path', inventory.system.path],
    ['power', inventory.system.power],
    ['health', inventory.system.health],
    ['BIOS', inventory.system.biosVersion],
    ['hostname', inventory.system.hostname],
    ['empty DIMM slots', inventory.emptyDimmSlots.join(', ')],
  ]);
  const parts = partsOf(inventory);
  screen.line('');
  screen.table(partColumns, parts, 'It shows no parts.');
  screen.line('');
  screen.table(firmwareColumns, inventory.firmware, 'It shows no firmware.');
  screen.line(`Read in ${inventory.requests} requests.`);
  showGaps(screen, inventory.gaps);
}

interface Part {
  readonly kind: string;
  readonly place: string | null;
  readonly what: string;
  readonly serial: string | null;
  readonly health: string | null;
}

const partColumns: Column<Part>[] = [
  { title: 'part', cell: ({ kind }) => kind },
  { title: 'where', cell: ({ place }) => place, flexible: true },
  { title: 'what', cell: ({ what }) => what, flexible: true },
  { title: 'serial', cell: ({ serial }) => serial },
  { title: 'health', cell: ({ health }) => health },
];

const firmwareColumns: Column<HardwareReading['firmware'][number]>[] = [
  { title: 'firmware', cell: ({ name }) => name, flexible: true },
  { title: 'id', cell: ({ id }) => id, flexible: true },
  { title: 'version', cell: ({ version }) => version },
  { title: 'runs', cell: ({ inForce, copy }) => (inForce ? 'yes' : (copy ?? 'kept')) },
];

function partsOf(inventory: HardwareReading): Part[] {
  const part = (kind: string, place: string | null, serial: string | null, health: string | null) => ({
    as: (...what: (string | null)[]): Part => ({ kind, place, what: what.filter(Boolean).join(' '), serial, health }),
  });
  const adapters = new Map(inventory.adapters.map((one) => [one.id, one]));
  return [
    ...inventory.chassis.map((one) => part('chassis', one.id, one.serial, null).as(one.manufacturer, one.model)),
    ...inventory.controllers.map((one) => part('controller', one.id, null, one.state).as(one.model, one.firmware)),
    ...inventory.cpus.map((one) =>
      part('cpu', one.socket, null, one.health).as(one.model, `${one.cores ?? '?'} cores`),
    ),
    ...inventory.dimms.map((one) =>
      part('dimm', one.slot, one.serial, one.health).as(memory(one.mib), one.type, one.manufacturer, one.partNumber),
    ),
    ...inventory.accelerators.map((one) =>
      part(one.kind, one.slot ?? one.id, one.serial, one.health).as(one.manufacturer, one.model),
    ),
    ...inventory.drives.map((one) =>
      part('drive', one.slot, one.serial, one.health).as(
        one.bytes === null ? null : bytes(one.bytes),
        one.model,
        one.media,
      ),
    ),
    ...inventory.nics.map((one) =>
      part('nic', one.mac ?? one.name, adapters.get(one.adapter ?? '')?.serial ?? null, null).as(
        one.link === null ? null : `link ${one.link}`,
        one.mbps === null ? null : `${one.mbps} Mbit/s`,
        adapters.get(one.adapter ?? '')?.model ?? null,
      ),
    ),
    ...inventory.supplies.map((one) =>
      part('supply', one.name, one.serial, one.health).as(one.watts === null ? null : `${one.watts} W`, one.model),
    ),
    ...inventory.fans.map((one) =>
      part('fan', one.name, null, one.health).as(one.rpm === null ? `${one.percent ?? '?'} %` : `${one.rpm} rpm`),
    ),
  ];
}

const sensorColumns: Column<Sensor>[] = [
  { title: 'chassis', cell: ({ chassis }) => chassis, flexible: true },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'sensor', cell: ({ name }) => name, flexible: true },
  { title: 'value', cell: ({ value, unit }) => `${value} ${unit}`.trim(), align: 'right' },
  { title: 'critical below', cell: ({ low }) => low, align: 'right' },
  { title: 'critical above', cell: ({ high }) => high, align: 'right' },
  { title: 'health', cell: ({ health }) => health },
];

export function showSensors(screen: Screen, { sensors, gaps }: SensorReading): void {
  screen.table(sensorColumns, sensors, 'It shows no sensors.');
  showGaps(screen, gaps);
}

const entryColumns: Column<LogEntry>[] = [
  { title: 'id', cell: ({ id }) => id },
  { title: 'its time', cell: ({ created }) => created },
  { title: 'severity', cell: ({ severity }) => severity },
  { title: 'message', cell: ({ message, messageId }) => message ?? messageId, flexible: true },
];

export function showLogs(screen: Screen, { logs, gaps }: LogsReading): void {
  for (const { path, name, entries, restarted } of logs) {
    screen.line(`${cleanCell(name)} (${path})${restarted ? ', which was cleared or wrapped' : ''}`);
    screen.table(entryColumns, entries, 'No entries.');
    screen.line('');
  }
  showGaps(screen, gaps);
}

function showIdentity(screen: Screen, identity: HardwareReading['identity']): void {
  screen.facts('Machine', [
    ['model', [identity.vendor, identity.product].filter(Boolean).join(' ')],
    ['serial', identity.serial],
    ['board serial', identity.boardSerial],
    ['chassis serial', identity.chassisSerial],
    ['SKU', identity.sku],
    ['UUID', identity.uuid],
    ['asset tag', identity.assetTag],
  ]);
}

function showGaps(screen: Screen, gaps: readonly Gap[]): void {
  for (const { path, reason } of gaps) screen.line(`Not read: ${cleanCell(path)}: ${cleanCell(reason)}`);
}
