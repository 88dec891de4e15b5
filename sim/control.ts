import { z } from 'zod';
import { bmcFaultSchema } from './bmc/bmcfault.ts';
import type { Reply } from './bmc/reply.ts';
import { faultSchema } from './faults.ts';
import type { Fleet } from './fleet.ts';
import { machineIdOfHardware, macOf } from './hardware.ts';
import { type SimMachine, simResetTypes } from './machine.ts';

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

const powerSchema = z.strictObject({ do: z.enum(simResetTypes) });

/** The control API: what somebody with a screwdriver could do and see. docs/simulator.md lists it. */
export async function controlAnswer(
  fleet: Fleet,
  request: ControlRequest,
  changeCertificate: (machine: SimMachine) => Promise<boolean>,
): Promise<Reply> {
  const [collection = '', id, part] = request.path.split('/').slice(1).map(decodeURIComponent);
  if (collection === 'journal' && request.method === 'GET') return readJournal(fleet, request.query);
  if (collection !== 'machines') return refusal(404, `there is no ${request.path}; there are /machines and /journal`);
  if (id === undefined)
    return request.method === 'GET'
      ? { status: 200, body: { machines: fleet.machines.map(summarise) } }
      : wrongMethod(request);
  const machine = fleet.find(id);
  if (!machine) return refusal(404, `machine ${id} is not simulated`);
  switch (`${request.method} ${part ?? ''}`) {
    case 'GET ':
      return { status: 200, body: describe(machine) };
    case 'POST power':
      return movePower(machine, request.body);
    case 'PUT fault':
      return setFault(fleet, machine, request.body);
    case 'DELETE fault':
      return clearFault(machine, request.query.get('kind'));
    case 'PUT board':
      await machine.replaceBoard();
      return { status: 200, body: describe(machine) };
    case 'PUT certificate':
      return (await changeCertificate(machine))
        ? { status: 200, body: summarise(machine) }
        : refusal(409, 'controllers speak plain HTTP here; FARRIER_SIM_SCHEME=https gives them certificates');
    case 'GET bmc-fault':
      return bmcFaults(fleet, machine);
    case 'PUT bmc-fault':
      return setBmcFault(fleet, machine, request.body);
    case 'DELETE bmc-fault':
      return clearBmcFault(fleet, machine, request.query.get('path'));
    default:
      return wrongMethod(request);
  }
}

function refusal(status: number, error: string): Reply {
  return { status, body: { error } };
}

function wrongMethod({ method, path }: ControlRequest): Reply {
  return refusal(405, `${method} ${path} is not something to ask of the simulator`);
}

function summarise(machine: SimMachine) {
  const { id, phase, state } = machine;
  return {
    id,
    machineId: machineIdOfHardware(machine.hardware),
    power: state.power,
    phase,
    faults: state.faults.map(({ kind }) => kind),
  };
}

function describe(machine: SimMachine) {
  const { hardware, state } = machine;
  const { model, rackId, unit, serial, uuid } = hardware;
  return {
    ...summarise(machine),
    rack: rackId,
    unit,
    serial,
    uuid,
    mac: macOf(hardware),
    product: model.product,
    firmware: model.firmware,
    faults: state.faults,
    boots: state.boots,
    lastReset: state.lastReset,
    override: state.override,
    bios: state.bios,
    pendingBios: state.pendingBios,
    keyFingerprint: state.keyFingerprint ?? null,
    // The token for the installed system's report is nobody else's.
    disks: model.disks.map(({ name }, index) => {
      const { system, ...disk } = state.disks[index] ?? { content: 'blank' };
      const { readyToken: _, ...shown } = system ?? {};
      return { name, ...disk, system: system ? shown : null };
    }),
  };
}

/** The JSON of a body by its schema, or a sentence. */
function read<T>(schema: z.ZodType<T>, body: string): { readonly value: T } | { readonly wrong: string } {
  try {
    const result = schema.safeParse(JSON.parse(body));
    return result.success ? { value: result.data } : { wrong: z.prettifyError(result.error) };
  } catch {
    return { wrong: 'the body is not JSON' };
  }
}

async function movePower(machine: SimMachine, body: string): Promise<Reply> {
  const command = read(powerSchema, body);
  if ('wrong' in command) return refusal(400, command.wrong);
  const taken = await machine.reset(command.value.do, 'control');
  return taken ? { status: 200, body: summarise(machine) } : refusal(409, `${machine.id} is powered off`);
}

function setFault(fleet: Fleet, machine: SimMachine, body: string): Reply {
  const fault = read(faultSchema, body);
  if ('wrong' in fault) return refusal(400, fault.wrong);
  const { value } = fault;
  if (value.kind === 'duplicate-slot' && !fleet.find(value.of))
    return refusal(400, `machine ${value.of} is not simulated`);
  if ('disk' in value && value.disk >= machine.hardware.model.disks.length) {
    return refusal(
      400,
      `${machine.id} has ${machine.hardware.model.disks.length} disks; there is no disk ${value.disk}`,
    );
  }
  machine.setFault(value);
  return { status: 200, body: summarise(machine) };
}

function clearFault(machine: SimMachine, kind: string | null): Reply {
  const known = machine.state.faults.find((fault) => fault.kind === kind);
  if (kind !== null && !known) return refusal(404, `${machine.id} has no fault ${kind}`);
  machine.clearFault(known?.kind);
  return { status: 200, body: summarise(machine) };
}

function bmcFaults(fleet: Fleet, machine: SimMachine): Reply {
  const { list, held } = fleet.bmcOf(machine).faults;
  return { status: 200, body: { id: machine.id, faults: list, held } };
}

function setBmcFault(fleet: Fleet, machine: SimMachine, body: string): Reply {
  const fault = read(bmcFaultSchema, body);
  if ('wrong' in fault) return refusal(400, fault.wrong);
  fleet.bmcOf(machine).faults.set(fault.value);
  return bmcFaults(fleet, machine);
}

function clearBmcFault(fleet: Fleet, machine: SimMachine, path: string | null): Reply {
  const cleared = fleet.bmcOf(machine).faults.clear(path ?? undefined);
  return path !== null && cleared === 0
    ? refusal(404, `${machine.id} has no controller fault at ${path}`)
    : bmcFaults(fleet, machine);
}

async function readJournal(fleet: Fleet, query: URLSearchParams): Promise<Reply> {
  const since = Number(query.get('since') ?? 0);
  const limit = Number(query.get('limit') ?? 1000);
  if (!Number.isInteger(since) || !Number.isInteger(limit) || since < 0 || limit < 1 || limit > 10_000) {
    return refusal(400, 'since is a whole number from 0, limit one from 1 to 10000');
  }
  const named = query.get('machine');
  const machine = named === null ? undefined : (fleet.find(named)?.id ?? named);
  const entries = await fleet.journal.read({ since, limit, ...(machine !== undefined && { machine }) });
  return { status: 200, body: { entries } };
}
