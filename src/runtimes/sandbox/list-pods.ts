import type { ListedPod } from '../runtime';
import { findEnd } from './observe';
import { readAll } from './store/json-file';
import type { Layout } from './store/paths';
import { readSandbox, type SandboxRecord } from './store/sandbox-record';

/** All sandboxes that are recorded, living or dead. */
export async function listPods(layout: Layout): Promise<ListedPod[]> {
  return (await readAll(layout.sandboxes, (id) => readSandbox(layout, id))).flatMap(toListed);
}

function toListed({ id, owner, name, organization, pod }: SandboxRecord): ListedPod[] {
  if (pod === null) return [];
  const { build, instance } = pod;
  const end = findEnd(pod);
  const status = { running: end === null, reason: end?.reason ?? null, counted: end?.counted ?? true };
  return [{ id, owner, name, organization, build, instance, ...status }];
}
