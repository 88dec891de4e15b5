import { findTool } from '../../sim/vm/tools.ts';

/** Why virtual machines cannot be tested here, in a few words; null when they can. */
export async function whyNot(more: readonly string[] = []): Promise<string | null> {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const wanted = ['ip', 'qemu-system-x86_64', 'qemu-img', 'setpriv', 'dnsmasq', ...more];
  const found = await Promise.all(wanted.map(async (tool) => ((await findTool(tool)) === null ? [tool] : [])));
  const missing = found.flat();
  return missing.length === 0 ? null : `needs ${missing.join(', ')}`;
}
