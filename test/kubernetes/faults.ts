import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive, readProcesses } from '../start/start-process';

/** The program that made the cluster, and can end parts of it. Without it these tests are not run at all. */
const TOOL = process.env.PERENNIAL_TEST_CLUSTER_TOOL ?? '';

/** One thing that goes wrong while builds are under way. */
export interface Fault {
  what: string;
  begin(dir: string): Promise<unknown>;
  end(): Promise<unknown>;
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
  { what: 'the worker killed', begin: killWorker, end: async () => undefined, lastsMs: 0 },
];

/** The start makes another. */
async function killWorker(dir: string): Promise<void> {
  const { worker } = readProcesses(dir);
  if (worker !== undefined && isAlive(worker.pid)) process.kill(worker.pid, 'SIGKILL');
}
