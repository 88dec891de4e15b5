/** What an import would change: worked out before anything is, from what it says and what is known. Pure. */
import { checkController } from '../controllers.ts';
import { serialKey } from '../identity/identity.ts';
import { machineIdOf } from '../machine.ts';
import { maxTags } from '../tags.ts';
import type { KnownFleet, KnownMachine } from './facts.ts';
import type { ForeignInventory, ImportedMachine, ImportedRack, ImportNote } from './row.ts';
import { findTwins } from './twins.ts';

export interface PlannedPlace {
  readonly rack: string;
  readonly unit: number;
  readonly slot: string | null;
}

/** A controller that is to be expected, by what its machine will show. */
export interface PlannedController {
  readonly origin: string;
  readonly secretRef: string;
  readonly serial: string | null;
}

/** A machine that is announced. */
export interface PlannedMachine {
  readonly row: number;
  readonly id: string;
  readonly macs: readonly string[];
  readonly place: PlannedPlace | null;
  readonly controller: PlannedController | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** What is added to a machine that is known. */
export interface PlannedChange {
  readonly row: number;
  readonly id: string;
  readonly mac: string;
  readonly macs: readonly string[];
  readonly place: PlannedPlace | null;
  readonly controller: PlannedController | null;
  readonly tags: Readonly<Record<string, string>>;
  /** What those tags were, where there were any. */
  readonly before: Readonly<Record<string, string>>;
}

export interface ImportPlan {
  readonly racks: readonly ImportedRack[];
  readonly machines: readonly PlannedMachine[];
  readonly changes: readonly PlannedChange[];
  /** Controllers of machines of which nothing but a serial number is known. */
  readonly controllers: readonly (PlannedController & { readonly row: number; readonly serial: string })[];
  /** Rows that say nothing new. */
  readonly same: number;
  /** Rows that are passed over as a whole. */
  readonly skipped: number;
  readonly problems: readonly ImportNote[];
  readonly remarks: readonly ImportNote[];
}

/** `secretRef`: the secret of controllers for which the inventory names none. */
export function planImport(inventory: ForeignInventory, known: KnownFleet, secretRef: string | null): ImportPlan {
  const problems: ImportNote[] = [...inventory.problems, ...findTwins(inventory.machines)];
  const remarks: ImportNote[] = [...inventory.remarks];
  const racks = planRacks(inventory, known, { problems, remarks });
  const planner = openPlanner(known, racks, secretRef, { problems, remarks });
  for (const machine of inventory.machines) planner.add(machine);
  return { racks, ...planner.planned(), problems, remarks };
}

interface Notes {
  readonly problems: ImportNote[];
  readonly remarks: ImportNote[];
}

/** Racks that there are not: those that are described, and those that machines stand in. */
function planRacks(
  { racks, machines }: ForeignInventory,
  { siteId, ...known }: KnownFleet,
  notes: Notes,
): ImportedRack[] {
  const there = new Map(known.racks.map((rack) => [rack.id, rack]));
  const planned = new Map(racks.filter(({ id }) => !there.has(id)).map((rack) => [rack.id, rack]));
  for (const { rack } of machines)
    if (rack !== null && !there.has(rack) && !planned.has(rack)) planned.set(rack, { id: rack });
  for (const id of new Set([...racks.map((rack) => rack.id), ...machines.flatMap(({ rack }) => rack ?? [])])) {
    const elsewhere = there.get(id)?.siteId ?? siteId;
    if (elsewhere !== siteId)
      notes.problems.push({ row: null, field: 'rack', detail: `rack ${id} is in site ${elsewhere} already` });
  }
  for (const rack of racks) {
    const own = there.get(rack.id);
    const differs =
      own && (['row', 'feed', 'az', 'units'] as const).filter((name) => (rack[name] ?? null) !== (own[name] ?? null));
    if (differs?.length)
      notes.remarks.push({
        row: null,
        field: 'racks',
        detail: `rack ${rack.id} has another ${differs.join(', ')}: left as it is`,
      });
  }
  return [...planned.values()];
}

const placeKey = (rack: string, unit: number, slot: string | null) =>
  `${rack}/${unit}${slot === null ? '' : `.${slot}`}`;

/** Machines by all that tells them apart. */
function indexOf({ machines }: KnownFleet) {
  const byMac = new Map(machines.flatMap((one) => one.macs.map((mac) => [mac, one] as const)));
  const bySerial = Map.groupBy(
    machines.filter(({ serial, retired }) => serial !== null && !retired),
    ({ serial }) => serialKey(serial ?? ''),
  );
  const byController = new Map(
    machines.flatMap((one) => (one.controller === null ? [] : [[one.controller, one] as const])),
  );
  const byPlace = new Map(
    machines.flatMap((one) =>
      one.rack === null || one.unit === null ? [] : [[placeKey(one.rack, one.unit, one.slot), one] as const],
    ),
  );
  return { byMac, bySerial, byController, byPlace };
}

function openPlanner(known: KnownFleet, racks: readonly ImportedRack[], secretRef: string | null, notes: Notes) {
  const index = indexOf(known);
  const expected = new Set(known.expected.map(({ origin }) => origin));
  const expectedSerials = new Set(known.expected.flatMap(({ serial }) => serial ?? []));
  const heights = new Map([...known.racks, ...racks].map(({ id, units = 48 }) => [id, units]));
  const machines: PlannedMachine[] = [];
  const changes: PlannedChange[] = [];
  const controllers: (PlannedController & { row: number; serial: string })[] = [];
  let same = 0;
  let skipped = 0;

  /** The machine that a row means: null where it is none that is known, `unclear` where it is several. */
  const find = ({ row, macs, serial, controller }: ImportedMachine): KnownMachine | null | 'unclear' => {
    const named = new Map<KnownMachine, string>();
    for (const mac of macs) {
      const one = index.byMac.get(mac);
      if (one && !named.has(one)) named.set(one, 'MAC');
    }
    const twins = serial === null ? [] : (index.bySerial.get(serialKey(serial)) ?? []);
    // One that two machines show tells neither.
    if (twins.length === 1 && twins[0] && !named.has(twins[0])) named.set(twins[0], 'serial number');
    const holder = controller === null ? undefined : index.byController.get(controller.origin);
    if (holder && !named.has(holder)) named.set(holder, 'controller');
    const [first, ...others] = named.keys();
    if (others.length === 0) return first ?? null;
    const detail = [...named].map(([{ id }, what]) => `its ${what} is that of ${id}`).join(', and ');
    notes.problems.push({ row, field: null, detail });
    return 'unclear';
  };

  const placeOf = ({ row, rack, unit, slot }: ImportedMachine, own: KnownMachine | null): PlannedPlace | null => {
    if (rack === null || unit === null) return null;
    const height = heights.get(rack) ?? 48;
    if (unit > height) {
      notes.problems.push({ row, field: 'unit', detail: `rack ${rack} has ${height} units` });
      return null;
    }
    const holder = index.byPlace.get(placeKey(rack, unit, slot));
    if (holder && holder !== own) {
      const detail = `unit ${unit} of rack ${rack} holds ${holder.id}: several machines in one case have a slot each`;
      notes.problems.push({ row, field: 'unit', detail });
      return null;
    }
    return { rack, unit, slot };
  };

  const controllerOf = ({ row, controller, serial }: ImportedMachine): PlannedController | null => {
    if (controller === null) return null;
    const remark = (detail: string) => void notes.remarks.push({ row, field: 'controller', detail });
    const problem = checkController(controller.origin, known.bmcNetworks);
    const secret = controller.secretRef ?? secretRef;
    if (problem !== null) remark(`${problem}: left out`);
    else if (expected.has(controller.origin) || (serial !== null && expectedSerials.has(serial)))
      remark('is expected already, by another mark of its machine: left as it is');
    else if (secret === null) remark('no secret is named for it: left out');
    else return { origin: controller.origin, secretRef: secret, serial };
    return null;
  };

  const announce = (machine: ImportedMachine) => {
    const { row, macs, tags } = machine;
    const [mac] = macs;
    if (mac === undefined) return expectAlone(machine);
    const place = placeOf(machine, null);
    machines.push({ row, id: machineIdOf(mac), macs, place, controller: controllerOf(machine), tags });
  };

  /** Without a MAC there is no machine to write; its controller can be expected by its serial number. */
  const expectAlone = (machine: ImportedMachine) => {
    const { row, serial } = machine;
    if (machine.controller !== null && expected.has(machine.controller.origin)) {
      same += 1;
      return;
    }
    const controller = serial === null ? null : controllerOf(machine);
    const detail = 'has no MAC, by which a machine is announced';
    if (controller === null || serial === null) {
      skipped += 1;
      notes.remarks.push({ row, field: null, detail: `${detail}: left out` });
      return;
    }
    notes.remarks.push({ row, field: null, detail: `${detail}: only its controller is, by the serial number` });
    controllers.push({ ...controller, row, serial });
  };

  const change = (machine: ImportedMachine, own: KnownMachine) => {
    const { row } = machine;
    const remark = (field: string, detail: string) => void notes.remarks.push({ row, field, detail });
    if (own.retired) {
      skipped += 1;
      return remark('mac', `${own.id} is retired: left out`);
    }
    const tags = Object.fromEntries(Object.entries(machine.tags).filter(([name, value]) => own.tags[name] !== value));
    const names = new Set([...Object.keys(own.tags), ...Object.keys(tags)]);
    if (names.size > maxTags)
      notes.problems.push({
        row,
        field: 'tags',
        detail: `${own.id} would have ${names.size} tags, and may have ${maxTags}`,
      });
    const place = planPlace(machine, own);
    const controller = planController(machine, own);
    const macs = own.seen ? [] : machine.macs.filter((mac) => !own.macs.includes(mac));
    if (own.seen && machine.macs.some((mac) => !own.macs.includes(mac)))
      remark('mac', `${own.id} shows no card with one of its MACs: left as it is`);
    if (Object.keys(tags).length === 0 && place === null && controller === null && macs.length === 0) {
      same += 1;
      return;
    }
    const before = Object.fromEntries(
      Object.keys(tags).flatMap((name) => (name in own.tags ? [[name, own.tags[name] ?? '']] : [])),
    );
    changes.push({ row, id: own.id, mac: own.macs[0] ?? '', macs, place, controller, tags, before });
  };

  /** One that never booted and stands nowhere is given its place; any other stays where it is. */
  const planPlace = (machine: ImportedMachine, own: KnownMachine): PlannedPlace | null => {
    const { row, rack, unit, slot } = machine;
    if (rack === null || unit === null) return null;
    if (own.rack === null && !own.seen) return placeOf(machine, own);
    if (own.rack === rack && own.unit === unit && own.slot === slot) return null;
    const where =
      own.rack === null || own.unit === null ? 'at no place' : `in ${placeKey(own.rack, own.unit, own.slot)}`;
    notes.remarks.push({ row, field: 'unit', detail: `${own.id} is ${where}: left as it is` });
    return null;
  };

  const planController = (machine: ImportedMachine, own: KnownMachine): PlannedController | null => {
    if (own.controller === null) return controllerOf(machine);
    if (machine.controller !== null && machine.controller.origin !== own.controller)
      notes.remarks.push({ row: machine.row, field: 'controller', detail: `${own.id} has another one: left as it is` });
    return null;
  };

  return {
    add: (machine: ImportedMachine): void => {
      const own = find(machine);
      if (own === 'unclear') return;
      if (own === null) announce(machine);
      else change(machine, own);
    },
    planned: () => ({ machines, changes, controllers, same, skipped }),
  };
}
