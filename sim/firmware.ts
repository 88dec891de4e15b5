import { readAgentBoot, runAgent } from './agent.ts';
import { drawBetween } from './chance.ts';
import { findFault } from './faults.ts';
import { macOf } from './hardware.ts';
import { type IpxeHost, type IpxeOutcome, runIpxe } from './ipxe.ts';
import { isNetworkError } from './session.ts';
import { type BootOverride, noOverride } from './state.ts';
import { bootDisk, runSystem } from './system.ts';
import { type Body, hang, pass } from './world.ts';

/** What comes after a boot that did not last: POST again, the boot devices again, or darkness. */
export type BootEnd = 'reset' | 'again' | 'off';

/** One boot, from POST on. Only returns when the machine resets itself; rejects when its power goes. */
export async function bootOnce(body: Body, signal: AbortSignal): Promise<BootEnd> {
  await post(body, signal);
  const override = takeOverride(body);
  if (override.target === 'BiosSetup') return hang(signal);
  for (;;) {
    const diskFirst = override.target === 'Hdd' || (override.target === 'None' && body.state.diskFirst === true);
    const end = await tryDevices(body, diskFirst ? ['disk', 'network'] : ['network', 'disk'], signal);
    if (end !== 'again') return end;
  }
}

async function post(body: Body, signal: AbortSignal): Promise<void> {
  const { hardware, state, world } = body;
  body.enter('post');
  flashBios(body);
  if (Object.keys(state.pendingBios).length > 0) {
    body.note('bios-applied', state.pendingBios);
    state.bios = { ...state.bios, ...state.pendingBios };
    state.pendingBios = {};
    body.changed();
  }
  await pass(world, drawBetween(1, 3, world.seed, hardware.id, 'post', state.boots), signal);
  if (!findFault(state.faults, 'no-boot')) return;
  body.enter('hung');
  await hang(signal);
}

/** Flashes what the controller staged for this POST. */
function flashBios(body: Body): void {
  const { hardware, state } = body;
  const { flash, ...kept } = state.controller ?? {};
  if (flash === undefined) return;
  const from = kept.firmware?.BIOS ?? hardware.model.biosVersion;
  body.note('firmware-flashed', { component: 'BIOS', from, to: flash });
  state.controller = { ...kept, firmware: { ...kept.firmware, BIOS: flash } };
  body.changed();
}

/** The boot override that holds for this boot; *Once* is used up by it. */
function takeOverride(body: Body): BootOverride {
  const { override } = body.state;
  if (override.enabled === 'Disabled') return noOverride;
  if (override.enabled === 'Once') {
    body.state.override = { ...noOverride, mode: override.mode };
    body.changed();
  }
  return override;
}

// Servers try their boot devices again after a while; a tenth of a usual setting, as everything here is faster.
const retryAfter = 20;

async function tryDevices(body: Body, devices: readonly ('network' | 'disk')[], signal: AbortSignal): Promise<BootEnd> {
  for (const device of devices) {
    const end = device === 'disk' ? await bootFromDisk(body, signal) : await bootFromNetwork(body, signal);
    if (end !== 'next') return end;
  }
  body.enter('no-device');
  body.note('no-boot-device');
  await pass(body.world, retryAfter, signal);
  return 'again';
}

async function bootFromDisk(body: Body, signal: AbortSignal): Promise<'next'> {
  if (bootDisk(body) === undefined) return 'next';
  body.enter('disk');
  return runSystem(body, signal);
}

async function bootFromNetwork(body: Body, signal: AbortSignal): Promise<BootEnd | 'next'> {
  body.enter('network');
  await pass(body.world, 0.3, signal);
  const host = ipxeHost(body, signal);
  const script = await host.fetchScript(`/boot.ipxe?${bootQuery(body)}`);
  if (script === null) return 'next';
  const outcome = await runIpxe(script, host);
  switch (outcome.do) {
    case 'kernel':
      return startKernel(body, outcome, signal);
    case 'disk':
      return bootFromDisk(body, signal);
    case 'exit':
      return 'next';
    case 'reboot':
      return 'reset';
    case 'poweroff':
      return 'off';
  }
}

async function startKernel(body: Body, kernel: IpxeOutcome & { do: 'kernel' }, signal: AbortSignal): Promise<BootEnd> {
  body.enter('kernel');
  body.print(`Command line: ${commandLine(kernel.arguments)}`);
  await pass(body.world, 1.5, signal);
  const boot = readAgentBoot(kernel.arguments);
  if (!boot) {
    body.enter('hung');
    return hang(signal);
  }
  body.note('bootstrap-booted', { fast: boot.fast });
  const loop = findFault(body.state.faults, 'boot-loop');
  if (loop) {
    await pass(body.world, loop.seconds, signal);
    return 'reset';
  }
  await runAgent(body, boot, signal);
  return 'reset';
}

/** As a kernel prints it, with all that it was given. */
function commandLine(given: Readonly<Record<string, string>>): string {
  return Object.entries(given)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join(' ');
}

/** iPXE's settings on this machine, by iPXE's names. */
function ipxeSettings({ hardware }: Body): Record<string, string> {
  const { model, uuid, serial } = hardware;
  return {
    mac: macOf(hardware),
    uuid,
    serial,
    product: model.product,
    manufacturer: model.vendor,
    platform: model.firmware === 'uefi' ? 'efi' : 'pcbios',
    buildarch: model.firmware === 'uefi' ? 'x86_64' : 'i386',
    chip: model.nic.driver,
  };
}

/** What the DHCP server's script address asks for. */
function bootQuery(body: Body): string {
  const { manufacturer = '', buildarch = '', chip = '', ...same } = ipxeSettings(body);
  return new URLSearchParams({ ...same, vendor: manufacturer, arch: buildarch, nic: chip }).toString();
}

function ipxeHost(body: Body, signal: AbortSignal): IpxeHost {
  const { hardware, world } = body;
  const uefi = hardware.model.firmware === 'uefi';
  const failed = (error: unknown) => {
    signal.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    body.note('boot-failed', { reason: (error as Error).message || (error as { code?: string }).code });
    return null;
  };
  return {
    settings: ipxeSettings(body),
    fetchScript: (url) => {
      body.note('boot-request');
      return world.wire.script(pathOf(url), signal).catch(failed);
    },
    fetchImage: async (url) => (await world.wire.file(pathOf(url), signal).catch(failed)) !== null,
    // Firmware knows one way each: a BIOS drive number, or a loader from the network.
    sanBoots: () => !uefi && bootDisk(body) !== undefined,
    loaderBoots: () => (uefi ? bootDisk(body) !== undefined : null),
    sleep: (seconds) => pass(world, seconds, signal),
  };
}

/** The simulated network has one birther: the host of a URL is left out. */
function pathOf(url: string): string {
  const parsed = URL.parse(url, 'http://birther');
  return parsed ? `${parsed.pathname}${parsed.search}` : '/';
}
