/** The injection of secrets into a pod: by the build, and again while the pod runs. A workflow gets references, never a value. */
import { Context } from '@temporalio/activity';
import type { Injection } from '../contract/internal/payloads';
import type { Exec } from '../hooks/hook';
import { InjectionFailure } from '../hooks/inject/inject-secrets';
import type { InjectedSet } from '../hooks/inject/injected-set';
import { untilAborted } from '../hooks/until-aborted';
import { RuntimeFailure } from '../runtimes/failure';
import type { Progress, Runtime } from '../runtimes/runtime';
import { withTimeLimit } from '../runtimes/time-limit';
import type { Dependencies } from './dependencies';
import { retriedUnless, translated } from './failure';
import { startHeartbeat } from './heartbeat';
import { cutInjection } from './result-limits';
import { type Deadline, runStep, type StepResult } from './run-step';
import type { InjectionInput, WorkspaceSecrets } from './workspace-secrets';

/** The command writes files into memory. After this time it hangs, and the next attempt writes them again. */
const EXEC_LIMIT_MS = 30_000;
/** A store that is there answers in a second; a change has to reach a pod within a minute, also after a connection that hung. */
const READ_LIMIT_MS = 15_000;

/** The activities `injectSecrets` and `refreshSecrets`. */
export function secretActivities({ runtime, secrets }: Dependencies) {
  return {
    /** A step of a build. `isRepeated`: an earlier attempt may have written something. */
    injectSecrets: (input: InjectionInput & { isRepeated: boolean; deadline: Deadline }): Promise<StepResult<Injection>> => {
      const { isRepeated, deadline, ...of } = input;
      const skipsEmpty = !isRepeated && Context.current().info.attempt === 1;
      return runStep({ deadline, waitingFor: 'the secrets of the workspace' }, (progress) =>
        deliver({ runtime, secrets: present(secrets) }, of, { progress, skipsEmpty }),
      );
    },

    /** Only `PodLost` is final: what the pod has goes on to work until the store answers. */
    refreshSecrets: (input: InjectionInput): Promise<Injection> =>
      translated(() =>
        retriedUnless(['PodLost'], () =>
          withHeartbeat((progress) => deliver({ runtime, secrets: present(secrets) }, input, { progress, skipsEmpty: false })),
        ),
      ),
  };
}

async function deliver(
  { runtime, secrets }: { runtime: Runtime; secrets: WorkspaceSecrets },
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
  const exec: Exec = (command) => withTimeLimit(limit, (within) => runtime.exec(input.pod, command, within));
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

async function withHeartbeat<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const context = Context.current();
  let waitingFor = 'the secrets of the workspace';
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor }));
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
