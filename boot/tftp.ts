import { copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where distributions put iPXE: Debian and Ubuntu, Fedora, Arch. */
const stock = ['/usr/lib/ipxe', '/usr/share/ipxe', '/usr/share/ipxe/x86_64', '/usr/share/ipxe/arm64-efi'];

/** What each architecture is given, under the names that distributions use. */
const loaders: Readonly<Record<string, readonly string[]>> = {
  'undionly.kpxe': ['undionly.kpxe'],
  'snponly.efi': ['snponly.efi', 'ipxe-snponly-x86_64.efi', 'ipxe.efi'],
  'snponly-arm64.efi': ['snponly-arm64.efi', 'ipxe-snponly-aarch64.efi', 'arm64-efi/snponly.efi'],
};

/** Fills the TFTP folder with the distribution's iPXE where it lacks a file; returns the names that were not found. */
export async function stockTftpRoot(root: string, sources: readonly string[] = stock): Promise<string[]> {
  await mkdir(root, { recursive: true });
  const absent: string[] = [];
  for (const [name, candidates] of Object.entries(loaders)) {
    const target = join(root, name);
    if (await isFile(target)) continue;
    const source = await firstFile(sources.flatMap((folder) => candidates.map((one) => join(folder, one))));
    if (source === null) absent.push(name);
    else await copyWhole(source, target);
  }
  return absent;
}

async function firstFile(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await isFile(path)) return path;
  return null;
}

async function copyWhole(source: string, target: string): Promise<void> {
  const temporary = `${target}.${process.pid}`;
  await copyFile(source, temporary);
  await rename(temporary, target);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
