import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Runtime } from '../../../src/runtimes/runtime';

/** The id of the Temporal namespace that `fakeClient` talks to, unless told otherwise. */
export const NAMESPACE_ID = '5f0c7a1e-0000-4000-8000-000000000001';

/** A folder of a stack with these homes in it, which belongs to a namespace, removed when the test file has ended. */
export function createStackFolder(homes: string[], namespaceId: string | null = NAMESPACE_ID): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'perennial-cli-'));
  if (namespaceId !== null) writeFileSync(path.join(dir, 'namespace.json'), JSON.stringify({ id: namespaceId }));
  for (const id of homes) mkdirSync(path.join(dir, 'homes', id), { recursive: true });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A runtime that has only the verbs given, and counts how often it was closed. */
export function fakeRuntime(verbs: Partial<Runtime>): Runtime & { closed: number } {
  const runtime = {
    closed: 0,
    close: async () => {
      runtime.closed += 1;
    },
    ...verbs,
  };
  return runtime as unknown as Runtime & { closed: number };
}
