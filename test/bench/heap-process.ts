/**
 * Measures the heap of cached workflows: what the heap of this process grew by, after a full garbage collection, when a batch of
 * them was brought to rest, divided by their number. Nothing else happens here, so it grows by nothing else. The bundle, the
 * compiled code, and what the first ones leave behind for all are no part of it: a small batch goes before.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { defaultPolicy } from '../../src/workflows/organization/rules/policy';
import { type Cache, type Cached, createCache } from './activations';
import { bundleBaseline, bundlePerennial } from './bench-env';
import { sized } from './size';

/** Kilobytes of 1,024 bytes for each workflow, one figure for each batch. */
export interface HeapFigures {
  empty: number[];
  builder: number[];
  created: number[];
  running: number[];
  full: number[];
}

const BATCHES = sized(5, 1);
const BATCH = sized(100, 5);
const WARM_UP = sized(20, 1);
/** A full one takes 25 builds to make. */
const FULL_BATCH = sized(10, 1);
const FULL_BUILDS = 25;

const kept: Cached[] = [];
let made = 0;

async function main(): Promise<void> {
  const baseline = await createCache(await bundleBaseline(), () => null);
  const silent = await createCache(await bundlePerennial(), () => undefined);
  const perennial = await createCache(await bundlePerennial(), answers);
  const empty = await batches(BATCH, () => baseline.start({ type: 'empty', workflowId: 'empty', input: [] }));
  const builder = await batches(BATCH, () => baseline.start({ type: 'builder', workflowId: 'builder', input: [] }));
  const created = await batches(BATCH, () => createWorkspace(silent));
  const running = await batches(BATCH, async () => {
    const workspace = await createWorkspace(perennial);
    await expectState(workspace, 'running');
    return workspace;
  });
  const full = await batches(FULL_BATCH, () => fullWorkspace(perennial));
  process.send?.({ empty, builder, created, running, full } satisfies HeapFigures);
  process.disconnect();
}

async function batches(size: number, make: () => Promise<Cached>): Promise<number[]> {
  const fill = async (count: number) => {
    for (let index = 0; index < count; index += 1) kept.push(await make());
  };
  await fill(Math.min(WARM_UP, size));
  const figures: number[] = [];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const before = await heapUsed();
    await fill(size);
    figures.push(((await heapUsed()) - before) / size / 1_024);
  }
  return figures;
}

/** Three times, since finalizers that a run brings about let go of more. */
async function heapUsed(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    await delay(20);
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

function createWorkspace(cache: Cache, more: object = {}): Promise<Cached> {
  made += 1;
  const input = { owner: 'bench', name: `w${made}`, image: 'starter:1', by: 'bench', ...more };
  return cache.start({ type: 'workspace', workflowId: `workspace/bench/w${made}`, input: [input] });
}

/** With 20 variables of 100 characters, ten builds with their output, and 50 entries of history, all made by living through them. */
async function fullWorkspace(cache: Cache): Promise<Cached> {
  const env = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`VARIABLE_${index}`, 'v'.repeat(100)]));
  const workspace = await createWorkspace(cache, { env });
  const input = [defaultPayloadConverter.toPayload({ by: 'bench', reason: 'a newer image of the month' })];
  for (let build = 1; build < FULL_BUILDS; build += 1) {
    await workspace.push([{ signalWorkflow: { signalName: 'rebuild', input } }]);
  }
  await expectState(workspace, 'running');
  return workspace;
}

async function expectState(workspace: Cached, expected: string): Promise<void> {
  const { state } = (await workspace.query('status')) as { state: string };
  if (state !== expected) throw new Error(`expected a workspace that is ${expected}, got ${state}`);
}

/** The result of each activity; absent for unused ones. */
function answers(activity: string): unknown {
  const lastLines = Array.from(
    { length: 20 },
    (_, index) => `line ${index} of what the hook printed while it ran, and ended well`,
  );
  const hook = { state: 'done', message: 'ran /coder/configure', warnings: [], lastLines };
  const step = (value: unknown) => ({ value, tookMs: 20, attempt: 1 });
  const all: Record<string, unknown> = {
    readPolicy: defaultPolicy(),
    admit: step({ policy: defaultPolicy() }),
    prepareHome: step({ identity: 'b1946ac9-2492-4e0c-9b3f-0e7e6a4f6a3c' }),
    startPod: step({ digest: `sha256:${'0'.repeat(64)}`, warnings: [] }),
    runHookStep: { ...step(null), hook },
    stopPod: null,
  };
  return all[activity];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
