import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { withoutProxyToLoopback } from '../../../src/client/loopback';
import { choosePort, HOST } from '../../../src/start/process/port';
import type { Say } from '../../../src/start/progress';

const ANSWER_LIMIT_MS = 30_000;

export interface ArchiveSpec {
  /** The test server's executable. */
  wrapper: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
}

/**
 * Runs the test server once and has Java write an archive of the classes it loaded, which halves every later start. Without
 * one the server only starts more slowly, so a failure is said and no more.
 */
export async function archiveClasses({ wrapper, env, say, signal }: ArchiveSpec): Promise<void> {
  const port = await choosePort({ option: 'port', port: 0 });
  const child = spawn(wrapper, [String(port)], { env: { ...env, PERENNIAL_ARCHIVE_CLASSES: '1' }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    await waitForAnswer({ port, child, signal });
  } catch (error) {
    say(`the test server will start more slowly: ${error instanceof Error ? error.message : String(error)}`);
  }
  // The archive is written at the end, which takes some seconds.
  child.kill('SIGTERM');
  await ended;
}

// One real call, so that the classes which answer calls are in the archive too.
async function waitForAnswer({ port, child, signal }: { port: number; child: ChildProcess; signal: AbortSignal }): Promise<void> {
  const connection = Connection.lazy(withoutProxyToLoopback({ address: `${HOST}:${port}` }));
  const deadline = Date.now() + ANSWER_LIMIT_MS;
  try {
    for (;;) {
      signal.throwIfAborted();
      if (child.exitCode !== null) throw new Error(`its first run ended with exit code ${child.exitCode}`);
      if (await doesAnswer(connection)) return;
      if (Date.now() > deadline) throw new Error(`its first run did not answer within ${ANSWER_LIMIT_MS / 1_000} s`);
      await delay(100);
    }
  } finally {
    await connection.close();
  }
}

const doesAnswer = (connection: Connection): Promise<boolean> =>
  connection
    .withDeadline(Date.now() + 1_000, () => connection.workflowService.getSystemInfo({}))
    .then(
      () => true,
      () => false,
    );
