import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { RuntimeFailure } from '../../failure';
import { identifyProcess, killProcess, type ProcessIdentity, sendKill } from './identity';
import { listProcesses } from './table';

const SETUP_LIMIT_MS = 60_000;

/** The first process of a sandbox, which waits to be released. */
export interface Init {
  identity: ProcessIdentity;
  /**
   * Lets it build its root, and resolves when that is complete with the first process inside: itself, or its only child. After a
   * failure nothing of it is left.
   */
  release(): Promise<ProcessIdentity>;
}

/**
 * Starts the first process of a sandbox, which outlives this process. Until `release` it has made nothing, and ends when this process
 * does.
 */
export async function startInit(spec: {
  id: string;
  program: string;
  args: string[];
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  /** Whether it only waits, once the root is complete, for a child that is the first process inside. */
  becomesParent?: boolean;
}): Promise<Init> {
  const { id, program, args, env } = spec;
  const owner = spec.uid === undefined || spec.gid === undefined ? {} : { uid: spec.uid, gid: spec.gid };
  const child = spawn(program, args, { ...owner, env, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = readLines(child);
  const pid = Number(await lines.next());
  const identity = pid > 0 ? identifyProcess(pid) : null;
  if (identity === null) throw fail(id, await lines.complaint());
  return {
    identity,
    release: async () => {
      child.stdin?.write('go\n');
      if ((await lines.next()) !== 'ready') {
        const complaint = await lines.complaint();
        await killProcess(identity);
        throw fail(id, complaint);
      }
      detach(child);
      return (spec.becomesParent && findChild(pid)) || identity;
    },
  };
}

function findChild(pid: number): ProcessIdentity | null {
  const child = listProcesses().find(({ parent }) => parent === pid);
  return child === undefined ? null : identifyProcess(child.pid);
}

function readLines(child: ChildProcess): { next(): Promise<string | null>; complaint(): Promise<string> } {
  let complaint = '';
  const ended = once(child, 'close').catch((error: Error) => {
    complaint = error.message;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-300);
  });
  // `close` reports its end, not a write that comes too late.
  child.stdin?.on('error', () => {});
  const source = child.stdout === null ? null : createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const limit = setTimeout(() => child.pid !== undefined && sendKill(-child.pid), SETUP_LIMIT_MS);
      const line = await source?.next().finally(() => clearTimeout(limit));
      return line?.done === false ? line.value : null;
    },
    complaint: async () => {
      await ended;
      return complaint.trim().split('\n').at(-1) || 'it ended without an error message';
    },
  };
}

function fail(id: string, complaint: string): RuntimeFailure {
  const isFull = /No space left|Cannot allocate memory|Resource temporarily unavailable|EAGAIN|ENOMEM/.test(complaint);
  return new RuntimeFailure(
    isFull ? 'NoCapacity' : 'RuntimeUnavailable',
    `the sandbox of ${id} could not be set up: ${complaint}`,
  );
}

// From here on the sandbox does not depend on this process, and does not keep it running.
function detach(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  child.unref();
}
