/** The fleet in the words of those who read it. */

import { inventoryColumns, stateColumns, tagColumn } from '../../domain/imports/columns.ts';
import type { ExportedFleet, ExportedMachine, ExportFormat } from '../../domain/imports/exported.ts';
import { renderAnsible } from './ansible.ts';
import { renderTargets } from './prometheus.ts';

export interface ExportOptions {
  /** Of what answers on each machine to Prometheus. */
  readonly port: number;
}

export const renderers: Readonly<Record<ExportFormat, (fleet: ExportedFleet, options: ExportOptions) => string>> = {
  json: ({ machines, racks }) =>
    `${JSON.stringify({ farrier: 'inventory', version: 1, racks, machines: machines.map(inventoryOf) }, null, 1)}\n`,
  csv: renderTable,
  ansible: (fleet) => `${JSON.stringify(renderAnsible(fleet.machines), null, 1)}\n`,
  prometheus: (fleet, { port }) => JSON.stringify(renderTargets(fleet.machines, port)),
};

/** What an import reads again, and apart from it how the machine stands. */
function inventoryOf(machine: ExportedMachine) {
  const { mac, macs, rack, unit, slot, serial, bmc, secret, tags } = machine;
  const controller = bmc === null ? {} : { bmc: { origin: bmc, ...(secret !== null && { secret }) } };
  const place = rack === null ? {} : { rack, unit, ...(slot !== null && { slot }) };
  return {
    ...{ id: machine.id, mac, ...(macs.length > 0 && { macs }), ...(serial !== null && { serial }) },
    ...{ ...place, ...controller, tags, state: stateOf(machine) },
  };
}

type StateColumn = (typeof stateColumns)[number];

function stateOf(machine: ExportedMachine): Readonly<Record<StateColumn, string | null>> {
  const { id, hostname, address, stage, pool, owner, vendor, product } = machine;
  return {
    ...{ id, hostname, address, stage, op_state: machine.opState, boot_state: machine.bootState },
    ...{ repair_state: machine.repairState, pool, owner, vendor, product, required_image: machine.requiredImage },
    ...{ observed_image: machine.observedImage, in_service_at: machine.inServiceAt },
  };
}

function renderTable({ machines }: ExportedFleet): string {
  const names = [...new Set(machines.flatMap(({ tags }) => Object.keys(tags)))].sort();
  const own = inventoryColumns.filter((column) => column !== 'name');
  const lines = machines.map((machine) => {
    const cells = { ...machine, macs: machine.macs.join(' '), ...stateOf(machine) };
    return [
      ...own.map((column) => cells[column]),
      ...names.map((name) => machine.tags[name]),
      ...stateColumns.map((column) => cells[column]),
    ];
  });
  const head = [...own, ...names.map((name) => `${tagColumn}${name}`), ...stateColumns];
  return [head, ...lines].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

/** What a spreadsheet would compute is made text by a quote before it. */
function cellOf(value: string | number | null | undefined): string {
  const text = String(value ?? '').replace(/\0/g, '');
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
