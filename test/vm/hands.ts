/** What people do at a machine of a running rig, which knows nothing of Farrier: its power button, and its bays. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bays } from '../../sim/vm/qemu.ts';
import { clientOf, type SendRequest } from './redfish.ts';
import { eventually } from './wait.ts';

const system = '/redfish/v1/Systems/1';

async function readJson(path: string) {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function buttonsOf(data: string, id: string): Promise<SendRequest> {
  const own = join(data, 'vm', id);
  const { port } = await readJson(join(own, 'bmc.json'));
  const bmc = { origin: `https://127.0.0.1:${port}`, secretRef: `bmc-${id}` };
  return clientOf({ serialLog: join(own, 'serial.log'), bmc }, join(data, 'secrets'));
}

export async function press(data: string, id: string, type: 'On' | 'ForceOff' | 'ForceRestart'): Promise<void> {
  const ask = await buttonsOf(data, id);
  const { status } = await ask('POST', `${system}/Actions/ComputerSystem.Reset`, { ResetType: type });
  if (status !== 204) throw new Error(`the power button of ${id} answered ${type} with ${status}`);
}

/** What is in a machine's bays besides what it was built with, from the start of a rig on. */
export async function writeBays(data: string, id: string, bays: Bays): Promise<void> {
  await writeFile(join(data, 'vm', 'faults.json'), JSON.stringify({ [id]: { bays } }));
}

/** Takes the power, changes what is in the bays, and gives the power back. */
export async function changeBays(data: string, id: string, bays: Bays): Promise<void> {
  const ask = await buttonsOf(data, id);
  await press(data, id, 'ForceOff');
  await writeBays(data, id, bays);
  const { pid } = await readJson(join(data, 'vm', 'network.json'));
  process.kill(pid, 'SIGHUP');
  const wanted = Object.values(bays).flatMap((disk) => disk?.serial ?? []);
  await eventually('the other disks', async () => {
    const shown = await serialsOf(ask);
    return wanted.every((serial) => shown.includes(serial)) && shown.length === wanted.length + 1;
  });
  await press(data, id, 'On');
}

async function serialsOf(ask: SendRequest): Promise<string[]> {
  const { body } = await ask('GET', `${system}/Storage/1`);
  const drives: { '@odata.id': string }[] = body.Drives;
  return Promise.all(drives.map(async (drive) => (await ask('GET', drive['@odata.id'])).body.SerialNumber));
}
