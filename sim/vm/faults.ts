import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Trouble } from '../../host/trouble.ts';
import type { Rig } from './rig.ts';

/** Part of a file name, and of QEMU's options. */
const word = /^[A-Za-z0-9]{1,20}$/;
const disk = z.strictObject({
  serial: z.string().regex(word),
  gib: z
    .number()
    .multipleOf(1 / 1024)
    .min(1 / 16)
    .max(2048),
});

const fault = z.strictObject({
  /** The cable is in another port of the switch than planned. */
  port: z.string().min(1).max(200).optional(),
  /** The cable is in another switch. */
  chassis: z.string().min(1).max(200).optional(),
  system: z.string().max(200).optional(),
  description: z.string().max(200).optional(),
  pvid: z.number().int().min(1).max(4094).nullable().optional(),
  /** The switch says nothing on this port. */
  silent: z.boolean().optional(),
  /** The network cable is out. */
  unplugged: z.boolean().optional(),
  /** What is in its bays; null: nothing. It counts from the next time that its power goes on. */
  bays: z.record(z.string().regex(word), disk.nullable()).optional(),
});
const shape = z.record(z.string(), fault);

/** Faults by machine id, e.g. `{ "vm-2": { "port": "Ethernet40" } }`; a machine that is not named has none. */
export type Faults = z.infer<typeof shape>;

/** Reads the file of faults; no file, no faults. Throws Trouble for one that says something else. */
export async function readVmFaults(file: string): Promise<Faults> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return {};
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : 'it is not JSON';
    throw new Trouble(`The faults in ${file} cannot be read: ${why}.`);
  }
}

/** Puts the machines' cables and ports into the state that the faults describe; without a fault, as built. */
export async function inject(rig: Rig, faults: Faults): Promise<void> {
  const unknown = Object.keys(faults).filter((id) => !rig.machines.some(({ facts }) => facts.id === id));
  if (unknown.length > 0) throw new Trouble(`There is no machine ${unknown.join(', ')} in this rig.`);
  for (const { machine, facts, face } of rig.machines) {
    const { silent, unplugged, bays, ...said } = faults[facts.id] ?? {};
    const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    rig.switch.change(facts.id, { ...face, ...given });
    rig.switch.silence(facts.id, silent ?? false);
    await machine.link(!(unplugged ?? false));
    await machine.equip(bays ?? {});
  }
}
