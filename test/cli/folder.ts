import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Runtime } from '../../src/runtimes/runtime';

/** A folder of a stack with these homes in it, removed when the test file has ended. */
export function createStackFolder(homes: string[]): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'perennial-cli-'));
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
