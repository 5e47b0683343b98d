import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Connection } from '@temporalio/client';
import { installationOf } from '../client/installation';
import { NAMESPACE } from '../contract/names';
import { tieToInstallation, tightenDir } from '../runtimes/sandbox';
import { identifyProcess } from '../runtimes/sandbox/process/identity';
import type { StartOptions } from './options';
import { childEnv, programEnv } from './process/child-env';
import { lockDir } from './process/dir-lock';
import { chooseGatewayAddress } from './process/gateway-address';
import { startGatewayProcess } from './process/gateway-process';
import { endLeftovers } from './process/leftovers';
import { choosePort } from './process/port';
import { startWorkerProcess } from './process/worker-process';
import type { Say } from './progress';
import { StartRefusal } from './start-refusal';
import { type ProcessesFile, removeStackFile, type StackFile, writeProcessesFile, writeStackFile } from './state-files';
import { startTemporalServer } from './temporal/server';

/** With the 13 s of worker and gateway and the server's 5 s this keeps the whole end under 30 s. */
const SANDBOXES_LIMIT_MS = 10_000;

export interface StackSpec {
  options: StartOptions;
  env: NodeJS.ProcessEnv;
  workerScript: string;
  gatewayScript: string;
  findCli(): Promise<string>;
  /** Ends every sandbox and marks it as ended by the stack, so that its loss is not counted. */
  endSandboxes(): Promise<void>;
  say: Say;
  signal: AbortSignal;
}

export interface Stack extends StackFile {
  cli: string;
  connection: Connection;
  workerPid(): number | null;
  /** Ends all in order: worker and gateway drain, the sandboxes end, the server goes last. Well under 30 s. */
  end(): Promise<void>;
}

/** Starts server, worker, and gateway on DIR, and resolves when all answer and `stack.json` says where; after a failure nothing is left running. */
export async function startStack(spec: StackSpec): Promise<Stack> {
  const { options, say } = spec;
  lockDir(options.dir);
  mkdirSync(path.join(options.dir, 'logs'), { recursive: true, mode: 0o700 });
  tightenDir(options.dir);
  await endLeftovers({ dir: options.dir, say });

  const endings: (() => Promise<void>)[] = [];
  const end = async () => {
    removeStackFile(options.dir);
    for (let ending = endings.pop(); ending !== undefined; ending = endings.pop()) await ending();
  };
  try {
    const started = await startParts(spec, endings);
    const file = stackFile(started, options);
    writeStackFile(options.dir, file);
    return { ...file, cli: started.cli, connection: started.server.connection, workerPid: started.worker.pid, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function startParts(spec: StackSpec, endings: (() => Promise<void>)[]) {
  const { options, say, signal } = spec;
  const cli = await spec.findCli();
  const port = await choosePort({ option: '--temporal-port', port: options.temporalPort });
  const uiPort = await choosePort({ option: '--ui-port', port: options.uiPort });
  const gatewayPort = await choosePort({ option: '--gateway-port', port: options.gatewayPort });
  const write = processWriter(options.dir);
  const env = childEnv(spec.env, options.dir);

  say('starting the Temporal server (about 1 to 5 s)');
  const serverPart = { cli, dir: options.dir, namespace: NAMESPACE, port, uiPort };
  const server = await startTemporalServer({ ...serverPart, env, say, signal, onSpawn: write('server') });
  endings.push(server.end);
  await tieDir(options, server.connection);
  endings.push(() => endSandboxes(spec));
  say(`the Temporal server answers on ${server.address}, its Web UI on ${server.ui}`);

  say('starting the worker and the gateway (about 3 to 10 s)');
  const temporal = { address: server.address, namespace: NAMESPACE };
  const { dir, images, runtime } = options;
  const part = { dir, env: programEnv(env, { temporal, runtime, dir, images }), say, signal };
  const { host, url: gateway, urlInside } = await chooseGatewayAddress({ runtime, port: gatewayPort, env, say });
  const starting = [
    startWorkerProcess({ ...part, script: spec.workerScript, gatewayUrl: urlInside, onSpawn: write('worker') }),
    startGatewayProcess({ ...part, script: spec.gatewayScript, host, port: gatewayPort, onSpawn: write('gateway') }),
  ] as const;
  // Both drain at the same time, and a process that started ends also where the other did not.
  endings.push(async () => {
    await Promise.allSettled(starting.map(async (started) => (await started).end()));
  });
  const [worker] = await Promise.all(starting);
  say(`the worker is ready (process ${worker.pid()}), the gateway answers on ${gateway}`);
  return { cli, server, worker, gateway };
}

/** Before anything of DIR is touched: its sandboxes and homes may be those of another server, which a worker alone served them from. */
async function tieDir({ dir }: StartOptions, connection: Connection): Promise<void> {
  try {
    await tieToInstallation(dir, await installationOf(new Client({ connection, namespace: NAMESPACE })));
  } catch (error) {
    throw new StartRefusal(error instanceof Error ? error.message : String(error), 1, { cause: error });
  }
}

/** Writes each new process down at once: what is not written down is not found after a kill. */
function processWriter(dir: string) {
  const processes: ProcessesFile = { ...identityOf('start', process.pid) };
  return (name: 'server' | 'worker' | 'gateway') => (identity: ReturnType<typeof identifyProcess>) => {
    if (identity !== null) processes[name] = identity;
    writeProcessesFile(dir, processes);
  };
}

function identityOf(name: 'start', pid: number): ProcessesFile {
  const identity = identifyProcess(pid);
  return identity === null ? {} : { [name]: identity };
}

// A sandbox that cannot be ended in time is reported and does not block the server's shutdown.
async function endSandboxes({ endSandboxes: endAll, say }: StackSpec): Promise<void> {
  const tooLate = delay(SANDBOXES_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it took more than ${SANDBOXES_LIMIT_MS / 1_000} s`);
  });
  try {
    await Promise.race([endAll(), tooLate]);
  } catch (error) {
    say(`not every sandbox could be ended: ${error instanceof Error ? error.message : String(error)}`);
  }
}

type Started = { server: { address: string; ui: string }; gateway: string };

const stackFile = ({ server, gateway }: Started, { runtime }: StartOptions): StackFile => ({
  pid: process.pid,
  temporal: { address: server.address, namespace: NAMESPACE },
  ui: server.ui,
  gateway,
  runtime,
});
