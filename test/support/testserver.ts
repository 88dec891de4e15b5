import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadBySdk, downloadedBySdk } from '../../host/fetch.ts';
import { isExecutable, onPath } from '../../host/path.ts';

const run = promisify(execFile);
const version = '1.32.1';

/** Path of Temporal's time-skipping test server: from the cache, by Maven, or downloaded by the SDK; null without. */
export async function findTestServer(cache: string, path: string): Promise<string | null> {
  const ours = join(cache, 'temporal-test-server', version, 'run');
  const java = await onPath('java', path);
  if (java && (await isExecutable(ours))) return ours;
  const mvn = await onPath('mvn', path);
  if (java && mvn && (await assemble(mvn, join(cache, 'temporal-test-server', version)))) return ours;
  return (await downloadedBySdk('test-server', cache)) ?? (await downloadBySdk('test-server', { cache }));
}

/** The SDK downloads a native image; the same server is on Maven Central as a library, which `java` runs. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>farrier</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;

const script = `#!/bin/sh
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m \\
  -cp "$(dirname "$0")/jars/*" io.temporal.testserver.TestServer "$@" 2>/dev/null
`;

async function assemble(mvn: string, folder: string): Promise<boolean> {
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    await writeFile(join(fresh, 'pom.xml'), pom);
    await writeFile(join(fresh, 'run'), script, { mode: 0o755 });
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(fresh, 'jars')}`];
    await run(mvn, ['--batch-mode', '--quiet', ...goal], { cwd: fresh, timeout: 300_000 });
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
    return true;
  } catch {
    return false;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
