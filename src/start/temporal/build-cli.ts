import path from 'node:path';
import { runTool } from '../process/run-tool';
import { type Say, withHeartbeat } from '../progress';

export interface CliBuild {
  version: string;
  /** An empty folder of our own. */
  folder: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
}

/** Builds the CLI from its published sources with the Go toolchain; resolves with the program's path. */
export async function buildCli({ version, folder, env, say, signal }: CliBuild): Promise<string> {
  const doing = `building the Temporal CLI ${version} from its sources with Go`;
  say(`${doing} (once only, about 4 to 10 minutes, 3 GB in Go's own caches)`);
  const module = 'github.com/temporalio/cli';
  // Without the version linked in, the CLI calls itself a development build.
  const linking = `-s -w -X ${module}/temporalcli.Version=${version}`;
  const args = ['install', '-trimpath', '-ldflags', linking, `${module}/cmd/temporal@v${version}`];
  // Go's module cache is read-only by default, which makes it hard to remove.
  const buildEnv = { ...env, GOBIN: folder, GOFLAGS: `${env.GOFLAGS ?? ''} -modcacherw`.trim() };
  await withHeartbeat({ say, doing }, () => runTool({ program: 'go', args, env: buildEnv, signal }));
  return path.join(folder, 'temporal');
}
