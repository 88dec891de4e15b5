import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../host/cache.ts';
import { runFile } from './python.ts';

/** The crate in which NVIDIA publishes DMTF's bundle of CSDL schemas (DSP8010) as it is. */
const crate = { name: 'nv-redfish-schema', version: '0.22.1', folder: 'redfish-csdl/csdl' };

export type Schemas = { readonly folder: string } | { readonly missing: string };

/**
 * A folder of DMTF's CSDL schemas. DMTF's own site is not needed: the registry of Rust packages has them, fetched once
 * with its ordinary client into the cache folder. `missing` says in one line what this machine lacks.
 */
export async function openSchemas(): Promise<Schemas> {
  const folder = join(cacheFolder(process.env), 'redfish', crate.version);
  if (await isThere(join(folder, 'ServiceRoot_v1.xml'))) return { folder };
  const aside = await mkdtemp(join(tmpdir(), 'farrier-schemas-'));
  try {
    await mkdir(join(aside, 'src'));
    await writeFile(join(aside, 'src', 'lib.rs'), '');
    await writeFile(join(aside, 'Cargo.toml'), manifest());
    await runFile('cargo', ['vendor', '--quiet', 'vendor'], { cwd: aside, timeout: 120_000 });
    await mkdir(join(folder, '..'), { recursive: true });
    await moveOver(join(aside, 'vendor', crate.name, crate.folder), folder);
    return { folder };
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const reason = code === 'ENOENT' ? 'there is no cargo' : (stderr?.trim().split('\n').at(-1) ?? message);
    return { missing: `DMTF's schemas cannot be had from ${crate.name} ${crate.version}: ${reason}` };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function manifest(): string {
  return `[package]\nname = "schemas"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n${crate.name} = "=${crate.version}"\n`;
}

/** Into the cache whole or not at all, also where the cache is on another file system. */
async function moveOver(from: string, to: string): Promise<void> {
  const draft = `${to}.${process.pid}`;
  await runFile('cp', ['-r', from, draft]);
  await rename(draft, to).catch(async (error) => {
    await rm(draft, { recursive: true, force: true });
    if (!(await isThere(to))) throw error;
  });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
