/** The steps of a build after `admit`: prepare the home, start the pod, run the hooks. Each is safe to run twice, in sequence or at once. */
import type { Exec, HookSpec } from '../hooks/hook';
import { runHook } from '../hooks/run-hook';
import { untilAborted } from '../hooks/until-aborted';
import type { HomeSpec, Pod, PodRef, PodSpec, Progress } from '../runtimes/runtime';
import { withTimeLimit } from '../runtimes/time-limit';
import { checkAdoption } from './adoption';
import type { Dependencies } from './dependencies';
import { createSlots } from './long-step-slots';
import { cutHome, cutHook, cutPod } from './result-limits';
import { type Deadline, runStep, type StepResult } from './run-step';

/** One poll of a hook waits for some seconds in the pod. A poll that exceeds this hangs, and the next attempt joins the hook. */
const POLL_LIMIT_MS = 60_000;
/** A store answers in milliseconds. */
const READ_LIMIT_MS = 20_000;

/** The activities of a build's steps. */
export function buildActivities({ runtime, client, secrets, maxLongSteps = Number.POSITIVE_INFINITY }: Dependencies) {
  const slots = createSlots(maxLongSteps, 'hooks and pods that this worker waits for');
  // On a full cluster pods may wait until their builds' deadlines, and the hooks of running pods must not wait for them.
  const podSlots = createSlots(Math.max(1, Math.floor(maxLongSteps / 2)), 'pods that this worker waits for');
  return {
    prepareHome: (input: { home: HomeSpec; deadline: Deadline }) =>
      runStep({ deadline: input.deadline, waitingFor: 'the home' }, async (progress) => {
        if (input.home.adopt) await untilAborted(progress.signal, () => checkAdoption({ runtime, client }, input.home));
        return cutHome(await runtime.prepareHome(input.home, progress));
      }),

    /** Null when the pod was created, or cannot be created yet: `awaitPod` then waits, since this activity holds a start slot. */
    startPod: (input: { pod: PodSpec; deadline: Deadline }): Promise<StepResult<Pod | null>> =>
      runStep({ deadline: input.deadline, waitingFor: `a pod of ${input.pod.image}` }, async (progress) => {
        const pod = await (runtime.beginPod ? runtime.beginPod(input.pod, progress) : runtime.startPod(input.pod, progress));
        return pod && cutPod(pod);
      }),

    /** Waits for a node, a volume, or an image after `startPod`; null when the pod can be created only now. */
    awaitPod: (input: { pod: PodSpec; deadline: Deadline }): Promise<StepResult<Pod | null>> =>
      podSlots(() =>
        slots(() =>
          runStep({ deadline: input.deadline, waitingFor: `the pod of ${input.pod.image} to run` }, async (progress) => {
            const wait = runtime.awaitPod ?? runtime.startPod;
            const pod = await wait(input.pod, progress);
            return pod && cutPod(pod);
          }),
        ),
      ),

    async runHookStep(input: { pod: PodRef; owner: string; hook: HookSpec; deadline: Deadline }): Promise<StepResult> {
      const { pod, owner, hook, deadline } = input;
      const { organization } = pod;
      const observe = (progress: Progress) => {
        const { signal } = progress;
        const limit = { what: `a poll of ${hook.step}`, limitMs: POLL_LIMIT_MS, signal };
        const exec: Exec = (command) => withTimeLimit(limit, (within) => runtime.exec(pod, command, within));
        const read = { what: 'the read of the values to mask', limitMs: READ_LIMIT_MS, signal };
        const values = secrets && (() => withTimeLimit(read, () => secrets.valuesToMask({ owner, organization })));
        return runHook(exec, hook, progress, values);
      };
      const result = await slots(() => runStep({ deadline, waitingFor: hook.step }, observe));
      return { tookMs: result.tookMs, attempt: result.attempt, value: null, hook: cutHook(result.value) };
    },
  };
}
