import { closeSync, openSync, statSync } from 'node:fs';
import { RuntimeFailure } from '../../failure';
import type { PodRef } from '../../runtime';
import type { PodRecord } from '../store/sandbox-record';
import { carryEnvironment, completePath } from './environment';
import { isProcessEnterable } from './identity';
import { markOf } from './kill-tree';
import { PROGRAM_PATH } from './path';

/** How a program is started inside a sandbox. */
export interface Entry {
  program: string;
  args: string[];
  /** Without the workspace's environment, which is restored only once the program runs as its user. */
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  /** The namespaces, which the arguments name as files of this process; to be closed once the program has ended. */
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
 * @throws PodLost when its first process is gone; RuntimeUnavailable when it is of a user namespace that is not the caller's
 */
export function enterPod({ ref, pod, inside }: { ref: PodRef; pod: PodRecord; inside: Inside }): Entry {
  const handles = pod.mode === 'plain' ? [] : openNamespaces(ref, pod);
  // Checked after the namespaces were opened: so they belong to that process, not to a later one with its pid.
  if (!isProcessEnterable(pod.init)) {
    closeHandles(handles);
    throw lost(ref);
  }
  const { carried, unpack } = carryEnvironment(environmentOf(pod, inside.env));
  const line = ['sh', '-c', `umask 022; ${unpack}; cd "$HOME" || exit 126; ${inside.line}`, 'sh', ...inside.argv];
  const mark = markOf(pod.instance);
  // In a plain sandbox every process must have the mark from its start, or the end of the sandbox would miss a new one.
  const marked = pod.mode === 'plain' ? { [mark.name]: mark.value } : {};
  return { handles, ...entryCommand(pod, handles, line), env: { PATH: PROGRAM_PATH, ...carried, ...marked } };
}

function environmentOf({ user, home, env }: PodRecord, own: Record<string, string>): Record<string, string> {
  const all: Record<string, string> = { ...env, ...own };
  return { ...all, HOME: home, USER: user.name, LOGNAME: user.name, SHELL: user.shell, PATH: completePath(all.PATH ?? '') };
}

/** Closes what an entry holds open. */
export function closeHandles(handles: number[]): void {
  for (const handle of handles) closeSync(handle);
}

/** The failure for a sandbox that is certainly gone. */
export const lost = ({ id, build }: PodRef): RuntimeFailure =>
  new RuntimeFailure('PodLost', `the sandbox of build ${build} of ${id} is gone`);

const NAMESPACES = ['mnt', 'pid', 'ipc', 'uts'];
const OPTIONS: Record<string, string> = { user: '--user', mnt: '--mount', pid: '--pid', ipc: '--ipc', uts: '--uts' };

const namespacesOf = ({ mode }: PodRecord): string[] => (mode === 'user-namespace' ? ['user', ...NAMESPACES] : NAMESPACES);

function openNamespaces(ref: PodRef, pod: PodRecord): number[] {
  const handles: number[] = [];
  try {
    // A process that root starts inside is still root's to the machine, with access to all devices.
    const owner = statSync(`/proc/${pod.init.pid}`).uid;
    if (pod.mode === 'user-namespace' && owner !== process.getuid?.()) throw new Error(`it is user ${owner}'s`);
    for (const name of namespacesOf(pod)) handles.push(openSync(`/proc/${pod.init.pid}/ns/${name}`, 'r'));
    return handles;
  } catch (error) {
    closeHandles(handles);
    if (!isProcessEnterable(pod.init)) throw lost(ref);
    const message = `the sandbox of build ${ref.build} of ${ref.id} cannot be entered: ${(error as Error).message}`;
    throw new RuntimeFailure('RuntimeUnavailable', message, { cause: error });
  }
}

/** The command line that enters a sandbox, and the user that starts it. */
function entryCommand(pod: PodRecord, handles: number[], line: string[]): Pick<Entry, 'program' | 'args' | 'uid' | 'gid'> {
  const { uid, gid } = pod.user;
  const drop = ['setpriv', '--reuid', String(uid), '--regid', String(gid)];
  const isRoot = process.getuid?.() === 0;
  if (pod.mode === 'plain') {
    // Only this program also drops the groups of root, and not every system has it.
    if (isRoot && process.platform === 'linux') return toProgram([...drop, '--clear-groups', '--', ...line]);
    return { ...toProgram(line), ...(isRoot && { uid, gid }) };
  }
  const spaces = namespacesOf(pod).map((name, index) => `${OPTIONS[name]}=/proc/${process.pid}/fd/${handles[index]}`);
  // A caller that enters its own user namespace becomes its user, and loses its rights over it once a program is started.
  if (pod.mode === 'user-namespace') return toProgram(['nsenter', '--preserve-credentials', ...spaces, '--', ...line]);
  return toProgram(['nsenter', ...spaces, '--', ...drop, '--init-groups', '--', ...line]);
}

const toProgram = ([program = '', ...args]: string[]): { program: string; args: string[] } => ({ program, args });
