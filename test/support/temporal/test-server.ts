import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/start/process/run-tool';
import { type Say, withHeartbeat } from '../../../src/start/progress';
import { archiveClasses } from './test-server-archive';

const TEST_SERVER_VERSION = '1.38.0';
/** The address of the SDK's own download, which checks no sum: good enough for tests, which hold no user's data. */
const SDK_DOWNLOAD = 'https://temporal.download/temporal-test-server/default?platform=linux&arch=amd64';
const ANSWER_LIMIT_MS = 5_000;

export interface TestServerSearch {
  /** Perennial's folder in the user's cache. */
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
}

/**
 * Finds or gets Temporal's time-skipping test server as one executable. Null means that the SDK can download its own, and
 * does so by itself when a test asks for it; where it cannot, the server's jars come by Maven.
 */
export async function findTestServer(search: TestServerSearch): Promise<string | null> {
  const folder = path.join(search.cacheDir, `temporal-test-server-${TEST_SERVER_VERSION}`);
  const wrapper = path.join(folder, 'temporal-test-server');
  if (existsSync(wrapper) && readdirSync(path.join(folder, 'lib')).length > 0) return wrapper;
  if (await canDownload(SDK_DOWNLOAD, search.signal)) return null;
  await fetchByMaven(search, folder);
  return wrapper;
}

/** Whether the server answers within the few seconds after which Maven is tried. */
async function canDownload(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { ok, body } = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]) });
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
}

// Renamed into place: a half-filled folder would be taken for the server the next time.
async function fetchByMaven({ cacheDir, env, say, signal }: TestServerSearch, folder: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const draft = mkdtempSync(path.join(cacheDir, 'fetching-'));
  try {
    writeFileSync(path.join(draft, 'pom.xml'), pom());
    writeFileSync(path.join(draft, 'temporal-test-server'), WRAPPER, { mode: 0o755 });
    const doing = `getting the time-skipping test server ${TEST_SERVER_VERSION} with Maven`;
    say(`${doing} (once only, 38 MB, about 20 to 90 s)`);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${path.join(draft, 'lib')}`];
    const args = ['-q', '-B', '-f', path.join(draft, 'pom.xml'), ...goal];
    await withHeartbeat({ say, doing }, () => runTool({ program: 'mvn', args, env, signal }));
    await archiveClasses({ wrapper: path.join(draft, 'temporal-test-server'), env, say, signal });
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const pom = () => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>perennial</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${TEST_SERVER_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

// The SDK kills only the process that it started, hence exec; it gives up after 5 s, hence the archive of loaded classes and
// the flags for a quick start. Java ignores an archive in silence unless the class path is the very same text: sorted, and
// relative, so that the folder can be moved. The SDK unlocks time skipping itself, so there is no flag for it here.
const WRAPPER = `#!/bin/sh
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
cd -- "$here/lib" || exit 1
classes=$(printf '%s:' *.jar)
archive=$here/test-server.jsa
if [ -n "\${PERENNIAL_ARCHIVE_CLASSES:-}" ]; then
  sharing=-XX:ArchiveClassesAtExit=$archive
elif [ -f "$archive" ]; then
  sharing=-XX:SharedArchiveFile=$archive
else
  sharing=-Xshare:auto
fi
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms64m -Xmx256m -Xlog:cds=off -Xlog:cds+dynamic=off \\
  "$sharing" -cp "\${classes%:}" io.temporal.testserver.TestServer "$@"
`;
