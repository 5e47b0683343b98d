import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { readProcesses, readStack } from '../start/start-process';

/** The program that made the cluster, and can end parts of it. Without it these tests are not run at all. */
const TOOL = process.env.PERENNIAL_TEST_CLUSTER_TOOL ?? '';

/** The folder of the stack, and what its worker logs in with. */
export interface FaultPlace {
  dir: string;
  kubeconfig: string;
}

/** One thing that goes wrong while builds are under way. */
export interface Fault {
  what: string;
  begin(at: FaultPlace): Promise<unknown>;
  end(at: FaultPlace): Promise<unknown>;
  /** How long it lasts. */
  lastsMs: number;
}

const tool = (...args: string[]) => promisify(execFile)(TOOL, args);

export const FAULTS: Fault[] = [
  {
    what: 'the API server frozen for a minute',
    begin: () => tool('freeze', 'apiserver'),
    end: () => tool('thaw', 'apiserver'),
    lastsMs: 60_000,
  },
  {
    what: 'the API server killed, and away for a minute',
    begin: () => tool('crash', 'apiserver'),
    end: () => tool('restart', 'apiserver'),
    lastsMs: 60_000,
  },
  {
    what: 'etcd killed, and away for 20 s',
    begin: () => tool('crash', 'etcd'),
    end: () => tool('restart', 'etcd'),
    lastsMs: 20_000,
  },
  {
    what: 'the kubelet killed, and away for 10 s',
    begin: () => tool('crash', 'kubelet'),
    end: () => tool('restart', 'kubelet'),
    lastsMs: 10_000,
  },
  {
    what: 'containerd killed, and away for 10 s',
    begin: () => tool('crash', 'containerd'),
    end: () => tool('restart', 'containerd'),
    lastsMs: 10_000,
  },
  {
    what: 'the worker killed',
    begin: async ({ dir }) => signalWorker(dir, 'SIGKILL'),
    end: async () => undefined,
    lastsMs: 0,
  },
  {
    what: 'a worker that stands still for 20 s, and wakes when another has taken over,',
    begin: async (at) => {
      await startSecondWorker(at);
      signalWorker(at.dir, 'SIGSTOP');
    },
    end: async ({ dir }) => signalWorker(dir, 'SIGCONT'),
    lastsMs: 20_000,
  },
];

/** The start makes another when it ends. */
function signalWorker(dir: string, signal: NodeJS.Signals): void {
  const { worker } = readProcesses(dir);
  if (worker === undefined) throw new Error('expected the worker to be written down in processes.json, and it is not');
  process.kill(worker.pid, signal);
}

let second: ChildProcess | null = null;

async function startSecondWorker({ dir, kubeconfig }: FaultPlace): Promise<void> {
  const { address, namespace } = readStack(dir).temporal;
  const env = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    PERENNIAL_RUNTIME: 'kubernetes',
    KUBECONFIG: kubeconfig,
    PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: 'IfNotPresent',
  };
  const script = path.join(__dirname, '..', '..', '..', 'dist', 'worker.js');
  second = fork(script, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(second, 'message');
}

/** Ends what a fault may have left running. */
export async function endFaults(): Promise<void> {
  if (second === null || second.exitCode !== null) return;
  const ended = once(second, 'exit');
  second.kill('SIGTERM');
  await ended;
}
