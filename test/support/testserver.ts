import { execFile, spawn } from 'node:child_process';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasEnded, stopChild, until } from '../../host/child.ts';
import { downloadBySdk, downloadedBySdk } from '../../host/fetch.ts';
import { onPath } from '../../host/path.ts';
import { findPort } from '../../host/port.ts';
import { tethered } from './tethered.ts';

const run = promisify(execFile);
const version = '1.32.1';

export type Command = readonly [program: string, ...args: string[]];

export interface TestServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * How Temporal's time-skipping test server is started, but for its port: from the cache, by Maven, or downloaded by
 * the SDK; null without. The SDK downloads a native image; the same server is on Maven Central, for `java`.
 */
export async function findTestServer(cache: string, path: string): Promise<Command | null> {
  const folder = join(cache, 'temporal-test-server', version);
  const java = await onPath('java', path);
  if (java && (await isThere(join(folder, 'jars')))) return byJava(java, folder);
  const mvn = await onPath('mvn', path);
  if (java && mvn && (await assemble(mvn, folder))) return byJava(java, folder);
  const program = (await downloadedBySdk('test-server', cache)) ?? (await downloadBySdk('test-server', { cache }));
  return program ? [program] : null;
}

/** Starts one on a free port and waits until it listens. The SDK would give up after five seconds. */
export async function startTestServer([program, ...args]: Command): Promise<TestServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findPort('the test server', 0);
    const child = spawn(...(await tethered(program, ...args, String(port))), { stdio: 'ignore' });
    child.on('error', () => {});
    const listens = await until(
      180_000,
      () => answers(port),
      () => hasEnded(child),
    );
    if (listens) return { address: `127.0.0.1:${port}`, stop: () => stopChild(child, 'SIGKILL', 10_000) };
    await stopChild(child, 'SIGKILL', 10_000);
    // A free port may be taken between finding it and listening on it.
    if (attempt === 3) throw new Error(`the test server (${program}) did not start`);
  }
}

function answers(port: number): Promise<true | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (answer: true | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => tell(true)).once('error', () => tell(null));
  });
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>farrier</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;

/** Suites start dozens of them: classes that were parsed once for all halve the time that each start takes. */
async function byJava(java: string, folder: string): Promise<Command> {
  const classes = join(folder, 'classes.jsa');
  const flags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m'];
  const rest = ['-cp', join(folder, 'jars', '*'), 'io.temporal.testserver.TestServer'];
  if (!(await isThere(classes))) await archive([java, ...flags, ...rest], classes).catch(() => {});
  // One of another Java is passed over.
  return [java, `-XX:SharedArchiveFile=${classes}`, '-Xshare:auto', ...flags, ...rest];
}

async function archive([java, ...rest]: Command, classes: string): Promise<void> {
  const fresh = `${classes}.${process.pid}`;
  const port = await findPort('the test server', 0);
  const child = spawn(...(await tethered(java, `-XX:ArchiveClassesAtExit=${fresh}`, ...rest, String(port))), {
    stdio: 'ignore',
  });
  child.on('error', () => {});
  await until(
    180_000,
    () => answers(port),
    () => hasEnded(child),
  );
  await stopChild(child, 'SIGTERM', 180_000);
  await rename(fresh, classes);
}

async function assemble(mvn: string, folder: string): Promise<boolean> {
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    await writeFile(join(fresh, 'pom.xml'), pom);
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

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
