/** The steps of a build: admit, prepare the home, start the pod, run the hooks. Each may run twice, one after the other or at once. */

import type { KnownPolicy } from '../contract/policy';
import type { HookSpec } from '../hooks/hook';
import { runHook } from '../hooks/run-hook';
import { untilAborted } from '../hooks/until-aborted';
import type { HomeSpec, Pod, PodRef, PodSpec, Progress } from '../runtimes/runtime';
import { withTimeLimit } from '../runtimes/time-limit';
import { checkAdoption } from './adoption';
import type { Dependencies } from './dependencies';
import { createPlaces } from './long-step-slots';
import type { Reading } from './policy-reader';
import { cutHome, cutHook, cutPod } from './result-limits';
import { type Deadline, runStep, type StepResult } from './run-step';

/** A visit to a hook waits for some seconds in the pod; one that takes so long hangs, and the next attempt joins the hook. */
const VISIT_LIMIT_MS = 60_000;

export function buildActivities(
  { runtime, client, maxLongSteps = Number.POSITIVE_INFINITY }: Dependencies,
  policies: Reading<KnownPolicy>,
) {
  const places = createPlaces(maxLongSteps, 'hooks and pods that this worker waits for');
  // On a full cluster pods may wait until their builds' deadlines, and the hooks of those that run must not wait for them.
  const podPlaces = createPlaces(Math.max(1, Math.floor(maxLongSteps / 2)), 'pods that this worker waits for');
  return {
    /** Reads the policy of the moment, which the whole build then goes by. */
    admit: (input: { organization: string; deadline: Deadline }) =>
      runStep({ deadline: input.deadline, waitingFor: `the policy of ${input.organization}` }, async ({ signal }) => ({
        policy: await untilAborted(signal, () => policies.read(input.organization)),
      })),

    prepareHome: (input: { home: HomeSpec; deadline: Deadline }) =>
      runStep({ deadline: input.deadline, waitingFor: 'the home' }, async (progress) => {
        if (input.home.adopt) await untilAborted(progress.signal, () => checkAdoption({ runtime, client }, input.home));
        return cutHome(await runtime.prepareHome(input.home, progress));
      }),

    /** Null where the pod was made, or cannot be made yet, and `awaitPod` does the waiting: this one holds the place of another start. */
    startPod: (input: { pod: PodSpec; deadline: Deadline }): Promise<StepResult<Pod | null>> =>
      runStep({ deadline: input.deadline, waitingFor: `a pod of ${input.pod.image}` }, async (progress) => {
        const pod = await (runtime.beginPod ? runtime.beginPod(input.pod, progress) : runtime.startPod(input.pod, progress));
        return pod && cutPod(pod);
      }),

    /** Waits for what `startPod` left, however long a node, a volume, or an image takes; null where the pod can be made only now. */
    awaitPod: (input: { pod: PodSpec; deadline: Deadline }): Promise<StepResult<Pod | null>> =>
      podPlaces(() =>
        places(() =>
          runStep({ deadline: input.deadline, waitingFor: `the pod of ${input.pod.image} to run` }, async (progress) => {
            const wait = runtime.awaitPod ?? runtime.startPod;
            const pod = await wait(input.pod, progress);
            return pod && cutPod(pod);
          }),
        ),
      ),

    async runHookStep(input: { pod: PodRef; hook: HookSpec; deadline: Deadline }): Promise<StepResult> {
      const { pod, hook, deadline } = input;
      const observe = (progress: Progress) => {
        const limit = { what: `a look at ${hook.step}`, limitMs: VISIT_LIMIT_MS, signal: progress.signal };
        return runHook((command) => withTimeLimit(limit, (signal) => runtime.exec(pod, command, signal)), hook, progress);
      };
      const result = await places(() => runStep({ deadline, waitingFor: hook.step }, observe));
      return { tookMs: result.tookMs, attempt: result.attempt, value: null, hook: cutHook(result.value) };
    },
  };
}
