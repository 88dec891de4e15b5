import { access } from 'node:fs/promises';
import { findTool, requireUefi } from '../../sim/vm/tools.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Those of the programs, or of the files by their absolute paths, that are not there. */
export async function findMissingTools(wanted: readonly string[]): Promise<string[]> {
  const isThere = async (what: string) => (what.startsWith('/') ? exists(what) : (await findTool(what)) !== null);
  const found = await Promise.all(wanted.map(async (what) => ((await isThere(what)) ? [] : [what])));
  return found.flat();
}

/** Why virtual machines cannot be tested here, in a few words; null when they can. */
export async function whyNot(more: readonly string[] = []): Promise<string | null> {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = await findMissingTools(['ip', 'qemu-system-x86_64', 'qemu-img', 'setpriv', 'dnsmasq', ...more]);
  const uefi = await requireUefi().then(
    () => [],
    () => ['OVMF'],
  );
  const all = [...missing, ...uefi];
  return all.length === 0 ? null : `needs ${all.join(', ')}`;
}
