import type { Observation, PodRef } from '../runtime';
import { isOfAnotherBoot, isProcessEnterable } from './process/identity';
import type { Layout } from './store/paths';
import { type PodRecord, readSandbox } from './store/sandbox-record';

/** Whether a build's sandbox runs, with the reason when it does not. */
export async function observe(layout: Layout, ref: PodRef): Promise<Observation> {
  const pod = (await readSandbox(layout, ref.id))?.pod ?? null;
  if (pod === null) return { state: 'gone', reason: `there is no sandbox of ${ref.id}`, counted: true };
  if (pod.build !== ref.build) {
    return { state: 'gone', reason: `the sandbox of ${ref.id} is of build ${pod.build}, not ${ref.build}`, counted: true };
  }
  const end = findEnd(pod);
  return end === null ? { state: 'running', instance: pod.instance } : { state: 'gone', ...end };
}

/** Why a sandbox does not run, and whether that counts against the workspace; null while it runs. */
export function findEnd(pod: PodRecord): { reason: string; counted: boolean } | null {
  if (isOfAnotherBoot(pod.init)) return { reason: 'the machine was started again', counted: false };
  if (isProcessEnterable(pod.init))
    return pod.ready ? null : { reason: 'its start was interrupted before its root was complete', counted: true };
  if (pod.endedByStack) return { reason: 'it was ended with the whole stack', counted: false };
  return { reason: 'its first process ended', counted: true };
}
