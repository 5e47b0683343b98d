/** The injection of secrets into a pod: by the build, and again while the pod runs. A workflow gets references, never a value. */
import { Context } from '@temporalio/activity';
import type { Injection } from '../contract/internal/payloads';
import type { EndedHook, Exec, HookSpec } from '../hooks/hook';
import { InjectionFailure } from '../hooks/inject/inject-secrets';
import type { InjectedSet } from '../hooks/inject/injected-set';
import { runBriefHooks } from '../hooks/run-hook';
import { untilAborted } from '../hooks/until-aborted';
import { RuntimeFailure } from '../runtimes/failure';
import type { Command, CommandResult, PodRef, Progress, Runtime } from '../runtimes/runtime';
import { withTimeLimit } from '../runtimes/time-limit';
import type { Dependencies } from './dependencies';
import { retriedUnless, translated } from './failure';
import { startHeartbeat } from './heartbeat';
import { cutHook, cutInjection } from './result-limits';
import { type Deadline, runStep, type StepHeartbeat, type StepResult } from './run-step';
import type { InjectionInput, WorkspaceSecrets } from './workspace-secrets';

/** The command writes files into memory. After this time it hangs, and the next attempt writes them again. */
const EXEC_LIMIT_MS = 30_000;
/** A store that is there answers in a second; a change has to reach a pod within a minute, also after a connection that hung. */
const READ_LIMIT_MS = 15_000;
/** A poll of a brief hook waits for a second in the pod. The step has ended by then, and must not be held up long. */
const BRIEF_LIMIT_MS = 3_000;

/** The activities `injectSecrets` and `refreshSecrets`. */
export function secretActivities({ runtime, secrets }: Dependencies) {
  return {
    /**
     * A step of a build. `isRepeated`: an earlier attempt may have written something. `hooks` are the steps that follow: a first attempt
     * goes on with them while each ends at once, over the connection that it has, which saves two connections and two workflow tasks.
     */
    injectSecrets: async (
      input: InjectionInput & { isRepeated: boolean; deadline: Deadline; hooks?: HookSpec[] },
    ): Promise<StepResult<Injection>> => {
      const { isRepeated, deadline, hooks = [], ...of } = input;
      const isFirst = !isRepeated && Context.current().info.attempt === 1;
      const session = isFirst && hooks.length > 0 ? openShared(runtime, of.pod) : null;
      const exec: BoundExec = session?.exec ?? ((command, signal) => runtime.exec(of.pod, command, signal));
      try {
        const result = await runStep({ deadline, waitingFor: 'the secrets of the workspace' }, (progress) =>
          deliver({ exec, secrets: present(secrets) }, of, { progress, skipsEmpty: isFirst }),
        );
        if (session === null) return result;
        const ended = await runBriefly({ exec, secrets: present(secrets) }, of, { hooks, usedMs: result.tookMs });
        return ended.length === 0 ? result : { ...result, hooks: ended };
      } finally {
        session?.close();
      }
    },

    /** Only `PodLost` is final: what the pod has goes on to work until the store answers. */
    refreshSecrets: (input: InjectionInput): Promise<Injection> =>
      translated(() =>
        retriedUnless(['PodLost'], () =>
          withHeartbeat({ waitingFor: 'the secrets of the workspace' }, (progress) => {
            const exec: BoundExec = (command, signal) => runtime.exec(input.pod, command, signal);
            return deliver({ exec, secrets: present(secrets) }, input, { progress, skipsEmpty: false });
          }),
        ),
      ),
  };
}

/** Runs a command in the pod of the step. */
type BoundExec = (command: Command, signal: AbortSignal) => Promise<CommandResult>;

/** Opens a session at once, while the store is read; null where the runtime has none. A failure shows at the first command. */
function openShared({ openSession }: Runtime, pod: PodRef): { exec: BoundExec; close(): void } | null {
  if (!openSession) return null;
  const opening = openSession(pod, Context.current().cancellationSignal);
  const close = () => opening.then((session) => session.close()).catch(() => undefined);
  opening.catch(() => undefined);
  return { exec: async (command, signal) => (await opening).exec(command, signal), close };
}

/** Any failure leaves the rest to the steps of the hooks themselves, which find what has begun. */
async function runBriefly(
  { exec, secrets }: { exec: BoundExec; secrets: WorkspaceSecrets },
  { owner, pod: { organization } }: InjectionInput,
  { hooks, usedMs }: { hooks: HookSpec[]; usedMs: number },
): Promise<EndedHook[]> {
  try {
    const ended = await withHeartbeat({ waitingFor: 'the hooks', usedMs }, (progress) => {
      const { signal } = progress;
      const pollLimit = { what: 'a poll of a hook', limitMs: BRIEF_LIMIT_MS, signal };
      const readLimit = { what: 'the read of the values to mask', limitMs: BRIEF_LIMIT_MS };
      return runBriefHooks(
        (command) => withTimeLimit(pollLimit, (within) => exec(command, within)),
        hooks,
        progress,
        () => withTimeLimit(readLimit, () => secrets.valuesToMask({ owner, organization })),
      );
    });
    return ended.map((hook) => ({ ...hook, result: cutHook(hook.result) }));
  } catch {
    return [];
  }
}

async function deliver(
  { exec: execInPod, secrets }: { exec: BoundExec; secrets: WorkspaceSecrets },
  input: InjectionInput,
  { progress, skipsEmpty }: { progress: Progress; skipsEmpty: boolean },
): Promise<Injection> {
  const { signal } = progress;
  const readLimit = { what: 'the read of the secrets', limitMs: READ_LIMIT_MS, signal };
  const read = await guarded(signal, () => withTimeLimit(readLimit, () => secrets.read(input)));
  const { set, delivered, expiresAt } = read;
  const isEmpty = isEmptySet(set);
  if (isEmpty && skipsEmpty) return { delivered: [], fingerprint: null, expiresAt: null, warnings: [], isEmpty };
  progress.waitingFor('the pod to take its secrets');
  const limit = { what: 'the injection of secrets', limitMs: EXEC_LIMIT_MS, signal };
  const exec: Exec = (command) => withTimeLimit(limit, (within) => execInPod(command, within));
  // The server's clock, since another worker may have made the attempt before. An attempt that is refused is retried with a later time.
  const order = Context.current().info.currentAttemptScheduledTimestampMs;
  const { fingerprint, warnings } = await guarded(signal, () => secrets.inject(exec, set, order));
  return cutInjection({ delivered, fingerprint, expiresAt, warnings: [...read.warnings, ...warnings], isEmpty });
}

/** The message of an unexpected error may quote a value, so only the error's name is reported. */
async function guarded<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await untilAborted(signal, work);
  } catch (error) {
    if (signal.aborted || error instanceof RuntimeFailure) throw error;
    if (error instanceof InjectionFailure) throw new RuntimeFailure('RuntimeUnavailable', error.message);
    const name = error instanceof Error ? error.name : typeof error;
    throw new RuntimeFailure('RuntimeUnavailable', `the secrets could not be injected: ${name}`);
  }
}

function isEmptySet({ access, sshKey, env, files, credentials }: InjectedSet): boolean {
  return access === null && sshKey === null && env.length + files.length + credentials.length === 0;
}

/** The worker that ran `admit` had a store. A worker without a store has other settings, which is a fault. */
function present(secrets: Dependencies['secrets']): WorkspaceSecrets {
  if (secrets) return secrets;
  throw new RuntimeFailure('RuntimeUnavailable', 'this worker has no store of secrets, unlike the worker that began the build');
}

async function withHeartbeat<T>(
  details: Pick<StepHeartbeat, 'waitingFor'> & Partial<StepHeartbeat>,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  let { waitingFor } = details;
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ ...details, waitingFor }));
  try {
    return await work({
      signal: context.cancellationSignal,
      waitingFor: (sentence) => {
        waitingFor = sentence;
      },
    });
  } finally {
    endHeartbeat();
  }
}
