import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Trouble } from '../../host/trouble.ts';
import { runProcess } from './process.ts';

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Which Debian or Ubuntu package brings each program that the rig starts. */
const packages = {
  ip: 'iproute2',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  swtpm: 'swtpm',
} as const;

export type Tool = keyof typeof packages;

async function usable(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** Path of a program, in the system's folders (a user's PATH often lacks sbin) or on PATH; null if absent. */
export async function findTool(tool: string): Promise<string | null> {
  for (const folder of systemFolders) {
    const candidate = join(folder, tool);
    if (await usable(candidate, constants.X_OK)) return candidate;
  }
  const { code, stdout } = await runProcess(['sh', '-c', 'command -v -- "$1"', 'sh', tool]);
  return code === 0 && stdout.startsWith('/') ? stdout.trim() : null;
}

/** The programs' paths, or a Trouble that names everything missing at once and the packages that have it. */
export async function requireTools<T extends Tool>(wanted: readonly T[]): Promise<Record<T, string>> {
  const found = await Promise.all(wanted.map(async (tool) => [tool, await findTool(tool)] as const));
  const missing = found.filter(([, path]) => path === null).map(([tool]) => tool);
  if (missing.length > 0) {
    const names = missing.map((tool) => packages[tool]).join(' ');
    throw new Trouble(`Virtual machines need ${missing.join(', ')}: install the package(s) ${names}.`);
  }
  return Object.fromEntries(found) as Record<T, string>;
}

export interface UefiFirmware {
  readonly code: string;
  /** Template of the variable store; every machine gets its own copy. */
  readonly vars: string;
}

// Debian and Ubuntu, Fedora, Arch, openSUSE. Only builds without Secure Boot: those run without SMM.
const uefiBuilds: readonly UefiFirmware[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', vars: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', vars: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', vars: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
  { code: '/usr/share/qemu/ovmf-x86_64-code.bin', vars: '/usr/share/qemu/ovmf-x86_64-vars.bin' },
];

/** The first UEFI build that is installed, or a Trouble. */
export async function requireUefi(): Promise<UefiFirmware> {
  for (const build of uefiBuilds) {
    if ((await usable(build.code, constants.R_OK)) && (await usable(build.vars, constants.R_OK))) return build;
  }
  throw new Trouble('UEFI machines need OVMF: install the package ovmf, or ask for BIOS machines only.');
}
