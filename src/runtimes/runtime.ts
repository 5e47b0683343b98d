import type { Command, CommandResult, PodSession } from './command';
import type { ShellRequest } from './shell-request';

export type { Command, CommandResult, PodSession } from './command';

/**
 * Where workspaces run: the interface between Perennial's decisions and the machines that carry them out.
 *
 * A runtime does not use Temporal. It manages **homes**, which persist, and **pods**, which do not. All verbs obey these rules, and
 * one contract suite tests them on every runtime:
 *
 * 1. **Idempotent.** A repeated or concurrent call of a verb gives the same answer and does no harm. A verb whose process was killed
 *    half-way is completed by the next call.
 * 2. **Fenced by build.** Each workspace id has a fence: the highest build number seen. `startPod` of an older build, or of a build that
 *    `stopPod` has ended, fails with `StaleBuild` and creates nothing; `stopPod` of a build older than the running one removes nothing.
 *    So a late attempt of an old build can neither overwrite nor delete the pod of a newer one.
 * 3. **A home is recognised, not assumed.** The first `prepareHome` creates its identity, which the caller passes from then on. A home
 *    that is missing, a link, or another one than recorded fails with `HomeMissing`, and nothing is created.
 * 4. **Unreachable is not gone.** A verb without a certain answer fails with `RuntimeUnavailable`.
 * 5. **Nothing is undone on abort.** An aborted verb stops waiting and throws the signal's reason; the next call continues.
 *
 * Every failure is a `RuntimeFailure` with a type of the closed list and one plain sentence.
 */
export interface Runtime {
  /** Its name in settings: `memory`, `sandbox`, or `kubernetes`. */
  readonly name: string;

  /**
   * Creates the home, or recognises it. With `identity: null` a home that this workspace already has is recognised and its
   * identity returned (so a repeated first call is safe); with `adopt` a home without a workspace, of the same owner, is taken over.
   * @throws HomeMissing, NotAllowed (adopting another owner's home), RuntimeUnavailable, NoCapacity, HomeBusy
   */
  prepareHome(spec: HomeSpec, progress: Progress): Promise<{ identity: string }>;

  /**
   * Makes sure that exactly this build's pod runs: removes the pod of any older build first, seeds a new home as the image's
   * user, mounts the home, and resolves the image to a digest. A repeated call returns the live pod of the build, or creates a new one
   * (with another `instance`) after the first has died.
   * @throws ImageNotFound, ImageInvalid, HomeMissing, StaleBuild, RuntimeUnavailable, NoCapacity, HomeBusy
   */
  startPod(spec: PodSpec, progress: Progress): Promise<Pod>;

  /**
   * The first part of `startPod`, which creates the pod and waits for nothing else. Null while the pod does not run yet, or cannot be
   * created yet; then `awaitPod` continues. Only runtimes whose pods may wait for long have it.
   * @throws what `startPod` throws
   */
  beginPod?(spec: PodSpec, progress: Progress): Promise<Pod | null>;

  /**
   * The second part: waits until the pod from `beginPod` runs. Without a pod it waits for the obstacle to its creation, and answers
   * null: `beginPod` can create it now.
   * @throws what `startPod` throws
   */
  awaitPod?(spec: PodSpec, progress: Progress): Promise<Pod | null>;

  /**
   * Removes the pod of this build or an older one, and raises the fence so that no late `startPod` of it creates one again.
   * A newer build's pod stays. Without a pod the call succeeds.
   * @throws HomeBusy when the pod has not ended long after its grace period; RuntimeUnavailable
   */
  stopPod(pod: PodRef, progress: Progress): Promise<void>;

  /**
   * Runs a command in the pod as the image's user, in the home, with the pod's environment, and waits for its end.
   * @throws PodLost when that build's pod is certainly gone; RuntimeUnavailable when that is unknown
   */
  exec(pod: PodRef, command: Command, signal: AbortSignal): Promise<CommandResult>;

  /**
   * Opens a connection for several commands in the pod, one after another. Only runtimes have it where a connection takes far longer than
   * a command.
   * @throws what `exec` throws
   */
  openSession?(pod: PodRef, signal: AbortSignal): Promise<PodSession>;

  /** Whether this build's pod runs, with the reason when it does not. */
  observe(pod: PodRef): Promise<Observation>;

  /**
   * All pods of all workspaces, live or dead: for the watch. `passOver` gets each organization whose pods are not known for certain, and
   * why; it may have pods that are not listed.
   */
  listPods(passOver?: (organization: string, why: string) => void): Promise<ListedPod[]>;

  /** All homes of all workspaces. `passOver` gets a description of each namespace or folder that could not be read. */
  listHomes(passOver?: (location: string) => void): Promise<ListedHome[]>;

  /**
   * Deletes a home permanently. A home that is gone already is success; another home than recorded is `HomeMissing` and stays.
   * @throws HomeBusy while a pod has it mounted
   */
  deleteHome(home: HomeRef): Promise<void>;

  /**
   * When a terminal in the pod last had input, in epoch milliseconds; null when none had. Auto-off checks it last, so that it is never
   * too early; it may be some seconds too late.
   */
  lastTerminalInput(pod: PodRef): Promise<number | null>;

  /** The raw log of a build's step in the home, from byte `offset`; null while there is none. At most 1 MiB per call. */
  readLog(log: LogRef): Promise<{ text: Buffer; nextOffset: number } | null>;

  /**
   * Opens a terminal (or one command) in the pod on the caller's streams: real resize, signals, and exit code. Resolves with the exit
   * code when it ends; what it printed has been written to the caller's streams then.
   */
  shell(pod: PodRef, request: ShellRequest): Promise<number>;

  /** Releases the connections and timers of the runtime object. Pods live on. */
  close(): Promise<void>;

  /**
   * Ends every pod because the whole stack ends, and marks them so that their loss is not counted against the workspace.
   * Only runtimes on this machine have it.
   */
  endAll?(): Promise<void>;
}

/** The caller's side of a verb that waits. */
export interface Progress {
  /** Aborts the wait; finished work is not undone. */
  signal: AbortSignal;
  /** Reports in one sentence the condition that the verb waits for; it becomes the step's heartbeat. */
  waitingFor(sentence: string): void;
}

/** A workspace, as the runtime's objects name it. */
export interface WorkspaceRef {
  /** Created once, with the workspace; the name of its objects in the runtime. */
  id: string;
  /** The name of the person whose workspace it is. */
  owner: string;
  /** The workspace's name, unique for its owner. */
  name: string;
  /** The name of the organization whose policy holds. */
  organization: string;
}

/** A home, found by its workspace and organization. */
export interface HomeRef {
  /** The id of its workspace. */
  id: string;
  organization: string;
  /** As recorded; null when none was recorded. */
  identity: string | null;
}

/** The home that a workspace needs. */
export interface HomeSpec extends WorkspaceRef {
  /** As recorded; null before the first `prepareHome`. */
  identity: string | null;
  /** True when `id` is that of an existing home without a workspace, to be taken over. */
  adopt: boolean;
  /** Kubernetes quantity. */
  disk: string;
}

/** The pod of one build of a workspace. */
export interface PodRef {
  /** The id of its workspace. */
  id: string;
  /** Its namespace, in runtimes that separate organizations. */
  organization: string;
  /** Counted from 1 for each workspace. */
  build: number;
}

/** The pod that a build needs. */
export interface PodSpec extends WorkspaceRef {
  build: number;
  /** The recorded identity of the home to mount. */
  home: string;
  /** `name:tag`, or any reference the runtime knows. */
  image: string;
  /** The digest to run while it can still be pulled (after a lost pod); null resolves the reference. */
  digest: string | null;
  /** Kubernetes quantities. */
  resources: { cpu: string; memory: string; disk: string };
  /** The Pod Security level from the organization's policy; only Kubernetes has levels. */
  podSecurity: 'restricted' | 'baseline';
  /** Environment of all processes in the pod, besides HOME, USER, LOGNAME, SHELL, PATH, and the image's own. */
  env: Record<string, string>;
}

/** A pod that runs. */
export interface Pod {
  /** The id of its workspace. */
  id: string;
  build: number;
  /** Unique for each pod: a recreated pod of the same build has another one. */
  instance: string;
  /** The image's content that runs, `sha256:…`; empty where the runtime does not report it. */
  digest: string;
  /** The name of the image's user. */
  user: string;
  /** The uid of the image's user, which owns the home. */
  uid: number;
  /** The home's path inside, `/home/<user>` as a rule. */
  home: string;
  /** Sentences for the build's warnings, for example that this machine gives no isolation. */
  warnings: string[];
}

/** The answer of `observe`. */
export type Observation =
  | { state: 'running'; instance: string }
  /** `reason` is a plain sentence; `counted` is false when the host or the stack ended, which is no fault of the workspace. */
  | { state: 'gone'; reason: string; counted: boolean };

/** A pod in the answer of `listPods`. */
export interface ListedPod extends WorkspaceRef, PodRef {
  /** As in `Pod`. */
  instance: string;
  /** True also while the pod starts, since it is not lost. */
  running: boolean;
  /** Why the pod has ended, as a plain sentence; null while it runs. */
  reason: string | null;
  /** False when the host or the stack ended, which is no fault of the workspace. */
  counted: boolean;
}

/** A home in the answer of `listHomes`. */
export interface ListedHome extends WorkspaceRef {
  /** As `prepareHome` returned it. */
  identity: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Kubernetes quantity. */
  disk: string;
}

/** The log of a build's step, from a byte offset on. */
export interface LogRef extends PodRef {
  /** The name of the step. */
  step: string;
  /** In bytes, from 0. */
  offset: number;
}
