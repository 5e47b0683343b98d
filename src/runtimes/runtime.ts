/**
 * Where workspaces run: the one interface between what Perennial decides and the machines it decides about.
 *
 * A runtime knows no Temporal. It keeps two kinds of thing: **homes**, which persist, and **pods**, which do not. All its
 * verbs obey the same rules, held by one contract suite that runs over every runtime:
 *
 * 1. **Safe twice.** Calling a verb again, after it or at the same time, gives the same answer and does no harm. A verb that
 *    was cut off half-way (its process killed) is finished by calling it again.
 * 2. **Fenced by build.** Each workspace id has a fence: the highest build number it has seen. `startPod` of an older build,
 *    or of one that `stopPod` has already ended, fails with `StaleBuild` and makes nothing; `stopPod` of an older build than the
 *    one that runs removes nothing. So a forgotten attempt of an old build can neither create over nor delete what a newer made.
 * 3. **A home is recognised, not assumed.** Its identity is made once, by the first `prepareHome`, and given back by the caller
 *    ever after. A home that is missing, a link, or a stranger in its place fails with `HomeMissing`, and nothing is made.
 * 4. **Unreachable is not gone.** A verb that cannot find out fails with `RuntimeUnavailable`; only a certain answer is an answer.
 * 5. **Nothing is undone on abort.** An aborted verb stops waiting and throws the signal's reason; the next call goes on from there.
 *
 * Every failure is a `RuntimeFailure` with a type of the closed list and one plain sentence.
 */
export interface Runtime {
  /** Its name in settings: `memory`, `sandbox`, or `kubernetes`. */
  readonly name: string;

  /**
   * Makes the home, or recognises it. With `identity: null` a home that this workspace already has is recognised and its
   * identity returned (so a repeated first call is safe); with `adopt` an ownerless home of the same owner is taken over.
   * @throws HomeMissing, NotAllowed (adopting another owner's home), RuntimeUnavailable, NoCapacity, HomeBusy
   */
  prepareHome(spec: HomeSpec, progress: Progress): Promise<{ identity: string }>;

  /**
   * Makes sure that exactly this build's pod runs: removes the pod of any older build first, seeds a new home as the image's
   * user, mounts the home, and resolves the image to a digest. Called again for a build whose pod lives, returns that pod.
   * Called again for a build whose pod has died, makes a new one (its `instance` differs).
   * @throws ImageNotFound, ImageInvalid, HomeMissing, StaleBuild, RuntimeUnavailable, NoCapacity, HomeBusy
   */
  startPod(spec: PodSpec, progress: Progress): Promise<Pod>;

  /**
   * The first part of `startPod`, which takes no longer than making the pod does; null while it does not run yet, or where something
   * has to be waited for before it can be made. Then `awaitPod` goes on from there. Only runtimes whose pods may wait for long have it.
   * @throws what `startPod` throws
   */
  beginPod?(spec: PodSpec, progress: Progress): Promise<Pod | null>;

  /**
   * The second part: waits until the pod that was begun runs. Where none was, it waits for what was in the way of one, and answers null:
   * `beginPod` can make it now.
   * @throws what `startPod` throws
   */
  awaitPod?(spec: PodSpec, progress: Progress): Promise<Pod | null>;

  /**
   * Removes the pod of this build or an older one, and raises the fence so that no late `startPod` of it makes one again.
   * A newer build's pod stays. Nothing there is success.
   * @throws HomeBusy when the pod has not ended long after it should have; RuntimeUnavailable
   */
  stopPod(pod: PodRef, progress: Progress): Promise<void>;

  /**
   * Runs a command in the pod as the image's user, in the home, with the pod's environment, and waits for its end.
   * @throws PodLost when that build's pod is certainly gone; RuntimeUnavailable when nothing can be known
   */
  exec(pod: PodRef, command: Command, signal: AbortSignal): Promise<CommandResult>;

  /** Whether this build's pod runs, with the reason when it does not. */
  observe(pod: PodRef): Promise<Observation>;

  /**
   * All pods there are, living or dead, of whatever workspace: for the watch. `passOver` is told of each organization whose pods are
   * not known for certain, and why: what is not listed of it may be there all the same.
   */
  listPods(passOver?: (organization: string, why: string) => void): Promise<ListedPod[]>;

  /** All homes there are, of whatever workspace. `passOver` is told, in words, of each place that it was not let look into. */
  listHomes(passOver?: (place: string) => void): Promise<ListedHome[]>;

  /**
   * Removes a home for good. A home that is gone already is success; a stranger in its place is `HomeMissing` and stays.
   * @throws HomeBusy while a pod has it mounted
   */
  deleteHome(home: HomeRef): Promise<void>;

  /**
   * When a terminal in the pod last had input, in epoch milliseconds; null when none had. For the last look before auto-off, so that
   * it is never too early; it may be some seconds too late.
   */
  lastTerminalInput(pod: PodRef): Promise<number | null>;

  /** The raw log of a build's step as it lies in the home, from byte `offset`; null while there is none. At most 1 MiB a call. */
  readLog(log: LogRef): Promise<{ text: Buffer; nextOffset: number } | null>;

  /**
   * Opens a terminal (or one command) in the pod on the caller's own standard streams: real resize, signals, and exit code.
   * Resolves with the exit code when it ends.
   */
  shell(pod: PodRef, command: string[], signal: AbortSignal): Promise<number>;

  /** Releases what the runtime object itself holds (connections, timers). Pods live on. */
  close(): Promise<void>;

  /**
   * Ends every pod because the whole stack ends, and marks them so that their loss is not counted against the workspace.
   * Only runtimes that live and die with this machine have it.
   */
  endAll?(): Promise<void>;
}

/** What a verb needs from its caller while it waits. */
export interface Progress {
  /** Aborts the waiting, never what was done. */
  signal: AbortSignal;
  /** Says in one sentence what is being waited for; it becomes the step's heartbeat. */
  waitingFor(sentence: string): void;
}

export interface WorkspaceRef {
  /** Made once, at creation; the name of everything the workspace has in the runtime. */
  id: string;
  owner: string;
  name: string;
  organization: string;
}

/** A home, wherever the workspaces of its organization live. */
export interface HomeRef {
  id: string;
  organization: string;
  /** As recorded; null when nobody has recorded one. */
  identity: string | null;
}

export interface HomeSpec extends WorkspaceRef {
  identity: string | null;
  /** True when `id` is that of an existing home without a workspace, to be taken over. */
  adopt: boolean;
  /** Kubernetes quantity. */
  disk: string;
}

export interface PodRef {
  id: string;
  /** Whose pods live together, for runtimes that keep those of each organization apart. */
  organization: string;
  build: number;
}

export interface PodSpec extends WorkspaceRef {
  build: number;
  /** The recorded identity of the home to mount. */
  home: string;
  /** `name:tag`, or any reference the runtime knows. */
  image: string;
  /** The digest to run if it can still be had (after a lost pod); null resolves the reference anew. */
  digest: string | null;
  /** Kubernetes quantities. */
  resources: { cpu: string; memory: string; disk: string };
  /** The Pod Security level that the organization's policy sets; only Kubernetes knows levels. */
  podSecurity: 'restricted' | 'baseline';
  /** Environment of everything that runs in the pod, besides HOME, USER, LOGNAME, SHELL, PATH, and the image's own. */
  env: Record<string, string>;
}

export interface Pod {
  id: string;
  build: number;
  /** Another one for each pod ever made: tells a restarted pod of the same build from the first. */
  instance: string;
  digest: string;
  user: string;
  uid: number;
  /** The home's path inside, `/home/<user>` as a rule. */
  home: string;
  /** Sentences for the build's warnings, for example that this machine gives no isolation. */
  warnings: string[];
}

export interface Command {
  /** The program and its arguments, found on the pod's PATH. Never a secret: arguments are visible to others. */
  argv: string[];
  /** Written to its standard input, which is then closed. */
  stdin?: string;
  env?: Record<string, string>;
}

export interface CommandResult {
  exitCode: number;
  /** At most the last 256 KiB each. */
  stdout: string;
  stderr: string;
}

export type Observation =
  | { state: 'running'; instance: string }
  /** `reason` is a plain sentence; `counted` is false when the host or the stack ended, which is nobody's fault. */
  | { state: 'gone'; reason: string; counted: boolean };

export interface ListedPod extends WorkspaceRef, PodRef {
  instance: string;
  running: boolean;
  reason: string | null;
  counted: boolean;
}

export interface ListedHome extends WorkspaceRef {
  identity: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Kubernetes quantity. */
  disk: string;
}

export interface LogRef extends PodRef {
  step: string;
  offset: number;
}
