import { closeSync, openSync } from 'node:fs';
import { RuntimeFailure } from '../failure';
import type { PodRef } from '../runtime';
import { markOf } from './pod-removal';
import type { PodRecord } from './pod-record';
import { isProcessWell } from './process-identity';
import { PROGRAM_PATH } from './programs';

/** How a program is started inside a sandbox. */
export interface Entry {
  program: string;
  args: string[];
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  /** To be passed on as files 3 and up, and closed once that is done. */
  handles: number[];
}

/** What to run inside: a line of shell that has `argv` as its arguments and begins in the home. */
export interface Inside {
  line: string;
  argv: string[];
  env: Record<string, string>;
}

/**
 * Prepares to run something in a sandbox as its user.
 * @throws PodLost when its first process is gone
 */
export function enterPod({ ref, pod, inside }: { ref: PodRef; pod: PodRecord; inside: Inside }): Entry {
  const enter = pod.mode === 'isolated' ? enterIsolated : enterPlain;
  const handles = pod.mode === 'isolated' ? openNamespaces(ref, pod) : [];
  // Looked at after the namespaces were opened: so they are that process's, not those of one that got its pid since.
  if (!isProcessWell(pod.init)) {
    closeHandles(handles);
    throw lost(ref);
  }
  const { user, home } = pod;
  const own = { HOME: home, USER: user.name, LOGNAME: user.name, SHELL: user.shell };
  return enter({ pod, inside, handles, env: { PATH: PROGRAM_PATH, ...pod.env, ...inside.env, ...own } });
}

/** Closes what an entry holds open. */
export function closeHandles(handles: number[]): void {
  for (const handle of handles) closeSync(handle);
}

/** What is said of a sandbox that is certainly gone. */
export const lost = ({ id, build }: PodRef): RuntimeFailure =>
  new RuntimeFailure('PodLost', `the sandbox of build ${build} of ${id} is gone`);

interface Plan {
  pod: PodRecord;
  inside: Inside;
  handles: number[];
  env: Record<string, string>;
}

const NAMESPACES = [
  { option: '--mount', name: 'mnt' },
  { option: '--pid', name: 'pid' },
  { option: '--ipc', name: 'ipc' },
  { option: '--uts', name: 'uts' },
];

function openNamespaces(ref: PodRef, { init }: PodRecord): number[] {
  const handles: number[] = [];
  try {
    for (const { name } of NAMESPACES) handles.push(openSync(`/proc/${init.pid}/ns/${name}`, 'r'));
    return handles;
  } catch (error) {
    closeHandles(handles);
    if (!isProcessWell(init)) throw lost(ref);
    throw new RuntimeFailure('RuntimeUnavailable', `the sandbox of build ${ref.build} of ${ref.id} cannot be entered`, {
      cause: error,
    });
  }
}

function enterIsolated({ pod, inside, handles, env }: Plan): Entry {
  const { uid, gid } = pod.user;
  const spaces = NAMESPACES.map(({ option }, index) => `${option}=/proc/self/fd/${index + 3}`);
  const drop = ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--init-groups'];
  // What runs inside for long must not hold the namespaces of its own sandbox open.
  const close = handles.map((_, index) => `exec ${index + 3}<&-`).join('; ');
  const shell = ['sh', '-c', `${close}; cd "$HOME" || exit 126; ${inside.line}`, 'sh', ...inside.argv];
  return { program: 'nsenter', args: [...spaces, '--', ...drop, '--', ...shell], env, handles };
}

function enterPlain({ pod, inside, handles, env }: Plan): Entry {
  const { uid, gid } = pod.user;
  const mark = markOf(pod.instance);
  return {
    program: 'sh',
    args: ['-c', `cd "$HOME" || exit 126; ${inside.line}`, 'sh', ...inside.argv],
    env: { ...env, [mark.name]: mark.value },
    handles,
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  };
}
