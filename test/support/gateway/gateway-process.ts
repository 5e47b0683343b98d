/** The gateway as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { until } from '../until';

export interface GatewayProcess {
  url: string;
  pid: number;
  /** Every line of the log. */
  lines(): Record<string, unknown>[];
  /** Resolves with the exit code, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const SCRIPT = path.join(__dirname, 'run-gateway.cjs');
const running = new Set<ChildProcess>();

/** Starts it on any free port; with `temporal` the address of a server. Resolves when it listens. */
export async function spawnGateway({
  temporal,
  dir,
  env = {},
  script = SCRIPT,
}: {
  temporal: string;
  dir: string;
  env?: NodeJS.ProcessEnv;
  script?: string;
}): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [script], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: temporal,
      TEMPORAL_NAMESPACE: 'perennial',
      PERENNIAL_DIR: dir,
      PERENNIAL_RUNTIME: 'none',
      PERENNIAL_GATEWAY_PORT: '0',
      PERENNIAL_LOG_LEVEL: 'debug',
      ...env,
    },
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const lines = () =>
    output
      .split('\n')
      // The last one may not be whole yet.
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ready = await until(
    () => `the gateway is ready: ${output}`,
    () => {
      if (child.exitCode !== null) throw new Error(output);
      return lines().find(({ msg }) => msg === 'gateway: ready');
    },
  );
  const scheme = ready.tls ? 'https' : 'http';
  return {
    url: `${scheme}://127.0.0.1:${String(ready.port)}`,
    pid: child.pid ?? 0,
    lines,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Ends every gateway that a failed test left. */
export function killGateways(): void {
  for (const child of running) child.kill('SIGKILL');
}
