/** Runs task-worker.ts, kills it, and runs another. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { NAMESPACE } from '../../../src/contract/names';
import { sharedBundle } from './shared-bundle';

const HOOK = path.join(__dirname, '..', 'typescript-hook.cjs');
const WORKER = path.join(__dirname, 'task-worker.ts');

export interface KilledWorker {
  /** Kills the process and starts another; resolves when that polls. */
  killAndRestart(): Promise<void>;
  end(): Promise<void>;
}

export async function startKilledWorker(address: string): Promise<KilledWorker> {
  const { codePath } = await sharedBundle();
  const start = async (): Promise<ChildProcess> => {
    const child = fork(WORKER, [address, NAMESPACE, codePath], { execArgv: ['--require', HOOK] });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    return child;
  };
  const kill = async (child: ChildProcess) => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  let child = await start();
  return {
    async killAndRestart() {
      await kill(child);
      child = await start();
    },
    end: () => kill(child),
  };
}
