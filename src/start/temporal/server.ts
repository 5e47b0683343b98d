import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { withoutProxyToLoopback } from '../../client/loopback';
import type { ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import { HOST } from '../process/port';
import { type SupervisedChild, superviseChild } from '../process/supervised-child';
import type { Say } from '../progress';
import { StartRefusal } from '../start-refusal';
import { DATABASE, setAsideUnfinished } from './database';

/** A first start on a cold, busy machine takes about 5 s. */
const ANSWER_LIMIT_MS = 60_000;
const GRACE_MS = 5_000;
/** It chooses ports for its own use, and panics where another program takes one of them before it does. */
const STARTS = 3;

const DYNAMIC_CONFIG = [
  // People before schedules: task priorities, which servers before 1.32 have switched off.
  'matching.useNewMatcher=true',
  // The server has one shard here, and by default lets it move no more than 20 tasks a second.
  'history.transferProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  // One by default: with more queries than that on one workflow, all but one are refused while it is busy.
  'history.MaxBufferedQueryCount=100',
  // Ten by default; refusing an eleventh throws away the task that answers the ten, and a workspace with a long history may then
  // never answer while more callers arrive.
  'history.maxInFlightUpdates=1000',
  // A storm of signals on a busy machine would fail every task of the workspace that it hits, each for the next hundred signals.
  'history.maximumBufferedEventsBatch=4000',
];

const SQLITE = [
  // One write to the disk for each transaction where SQLite's default makes three or more; what is answered is as safe as before.
  'journal_mode=WAL',
];

export interface TemporalServerSpec {
  /** The Temporal CLI. */
  cli: string;
  dir: string;
  namespace: string;
  port: number;
  uiPort: number;
  env: NodeJS.ProcessEnv;
  /** Arguments of the CLI beside those of every start. */
  moreArgs?: readonly string[];
  say: Say;
  signal: AbortSignal;
  onSpawn(identity: ProcessIdentity | null): void;
}

export interface TemporalServer {
  address: string;
  ui: string;
  connection: Connection;
  pid(): number | null;
  end(): Promise<void>;
}

/** Starts the server on its file in DIR, and resolves when it answers; from then on it is started again when it dies. */
export async function startTemporalServer(spec: TemporalServerSpec): Promise<TemporalServer> {
  const address = `${HOST}:${spec.port}`;
  setAsideUnfinished(spec);
  const child = superviseServer(spec);
  const connection = Connection.lazy(withoutProxyToLoopback({ address }));
  const end = async () => {
    await connection.close().catch(() => {});
    await child.end();
  };
  try {
    await Promise.race([child.failed, waitForAnswer({ connection, spec })]);
  } catch (error) {
    await end();
    throw error;
  }
  child.keep();
  return { address, ui: `http://${HOST}:${spec.uiPort}`, connection, pid: child.pid, end };
}

function superviseServer(spec: TemporalServerSpec): SupervisedChild {
  const args = ['server', 'start-dev', '--ip', HOST, '--port', String(spec.port), '--ui-port', String(spec.uiPort)];
  // Relative to DIR, its working folder: the name becomes part of a URI, in which `#`, `?`, and `%` of a path would mean something else.
  args.push('--db-filename', DATABASE, '--namespace', spec.namespace);
  for (const pragma of SQLITE) args.push('--sqlite-pragma', pragma);
  for (const setting of DYNAMIC_CONFIG) args.push('--dynamic-config-value', setting);
  args.push(...(spec.moreArgs ?? []));
  return superviseChild({
    name: 'Temporal server',
    program: spec.cli,
    args,
    cwd: spec.dir,
    // Its file holds all histories.
    umask: 0o077,
    env: spec.env,
    logFile: path.join(spec.dir, 'logs', 'server.log'),
    graceMs: GRACE_MS,
    starts: STARTS,
    say: spec.say,
    onSpawn: spec.onSpawn,
  });
}

async function waitForAnswer({ connection, spec }: { connection: Connection; spec: TemporalServerSpec }): Promise<void> {
  const deadline = Date.now() + ANSWER_LIMIT_MS;
  for (;;) {
    spec.signal.throwIfAborted();
    const problem = await askForNamespace(connection, spec.namespace);
    if (problem === null) return;
    if (Date.now() > deadline) {
      throw new StartRefusal(
        `the Temporal server did not answer within ${ANSWER_LIMIT_MS / 1_000} s (${problem}); see ${spec.dir}/logs/server.log`,
      );
    }
    await delay(100);
  }
}

async function askForNamespace(connection: Connection, namespace: string): Promise<string | null> {
  try {
    await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
