import type { ListedPod, Observation, PodRef } from '../runtime';
import { isOfAnotherBoot, isProcessWell } from './process/identity';
import type { Layout } from './store/paths';
import { type PodRecord, readSandbox, type SandboxRecord } from './store/sandbox-record';

/** Whether a build's sandbox runs, with the reason when it does not. */
export async function observePod(layout: Layout, ref: PodRef): Promise<Observation> {
  const pod = (await readSandbox(layout, ref.id))?.pod ?? null;
  if (pod === null) return { state: 'gone', reason: `there is no sandbox of ${ref.id}`, counted: true };
  if (pod.build !== ref.build) {
    return { state: 'gone', reason: `the sandbox of ${ref.id} is of build ${pod.build}, not ${ref.build}`, counted: true };
  }
  const end = findEnd(pod);
  return end === null ? { state: 'running', instance: pod.instance } : { state: 'gone', ...end };
}

/** A workspace's sandbox as the watch sees it; none when none is recorded. */
export function listPod(record: SandboxRecord): ListedPod[] {
  const { id, owner, name, organization, pod } = record;
  if (pod === null) return [];
  const end = findEnd(pod);
  return [
    {
      id,
      owner,
      name,
      organization,
      build: pod.build,
      running: end === null,
      reason: end?.reason ?? null,
      instance: pod.instance,
      counted: end?.counted ?? true,
    },
  ];
}

function findEnd(pod: PodRecord): { reason: string; counted: boolean } | null {
  if (isOfAnotherBoot(pod.init)) return { reason: 'the machine was started again', counted: false };
  if (isProcessWell(pod.init)) return pod.ready ? null : { reason: 'its start was cut off before its root stood', counted: true };
  if (pod.endedByStack) return { reason: 'it was ended with the whole stack', counted: false };
  return { reason: 'its first process ended', counted: true };
}
