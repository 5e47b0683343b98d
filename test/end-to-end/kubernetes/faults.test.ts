/** Builds of workspaces, one in each step, while parts of the cluster or of the service are away. The worker has its role only. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadYaml } from '@kubernetes/client-node';
import type { WorkspaceHandle } from '../../../src/client';
import { administer, NEXT_IMAGE } from '../../support/kubernetes/cluster-env';
import { endFaults, FAULTS, type Fault } from '../../support/kubernetes/cluster-faults';
import { type Installation, install } from '../../support/kubernetes/cluster-installation';
import { BUILD_MS, type ClusterStack, NAMESPACE, purge, startClusterStack } from '../../support/kubernetes/cluster-stack';
import { until } from '../../support/until';

/** A hook that waits for a file in the home, and records its runs there. */
const PERSONALIZE = `cat >personalize <<'END'
#!/bin/sh
echo ran >>"$HOME/runs"
until [ -e "$HOME/go-on" ]; do sleep 0.2; done
END
chmod +x personalize; : >go-on; : >runs`;

const SELECTOR = 'app.kubernetes.io/managed-by=perennial,perennial/owner=ada';
const LIMIT_MS = 900_000;

let installation: Installation;
let kubeconfig: string;
let stack: ClusterStack;
/** The workspaces that all faults share, each at another step; `made` has all that were created. */
let inHook: WorkspaceHandle;
let inStart: WorkspaceHandle;
let inStop: WorkspaceHandle;
let atWork: WorkspaceHandle;
const made: WorkspaceHandle[] = [];

beforeAll(async () => {
  installation = await install({ prefix: 'perennial' });
  kubeconfig = await installation.logIn();
  stack = await startClusterStack({ kubeconfig });
  [inHook, inStart, inStop, atWork] = await Promise.all([create('hook'), create('start'), create('stop'), create('work')]);
  for (const each of made) await stack.untilBuilt(each, 1);
  await stack.inside(inHook, PERSONALIZE);
}, LIMIT_MS);

afterAll(async () => {
  await endFaults();
  await stack.end();
  await installation.end();
}, LIMIT_MS);

test.each(FAULTS)(
  'With $what each build succeeds, its hook runs once, and a workspace in use stays.',
  async (fault) => {
    await bringUp(inStop);
    const atWorkSince = (await atWork.status()).since;
    const hookBuild = await holdInHook();
    const beganAt = Date.now();
    await fault.begin({ dir: stack.dir, kubeconfig });
    const startBuild = await rebuild(inStart);
    expect(await inStop.stop({ by: 'test' })).toMatchObject({ outcome: 'accepted', state: 'turning-off' });
    const inHome = await create(`home-${made.length}`);
    await delay(Math.max(0, beganAt + fault.lastsMs - Date.now()));
    if (fault.lastsMs > 0) expect(await inHook.status()).toMatchObject({ state: 'building', build: { number: hookBuild } });
    await endFault(fault);

    await stack.untilBuilt(inHook, hookBuild);
    await stack.untilBuilt(inStart, startBuild);
    await stack.untilBuilt(inHome, 1);
    await until('the stopped workspace is off', async () => (await inStop.status()).state === 'off', { patienceMs: BUILD_MS });
    expect(await stack.inside(inHook, 'cat runs')).toBe('ran');
    expect(await atWork.status()).toMatchObject({ state: 'running', since: atWorkSince });
    expect(await listPodNames()).toEqual(await expectedPodNames());
  },
  LIMIT_MS,
);

test('No credential of the worker is in a history or a log after all these faults.', async () => {
  const secrets = credentialsOf(kubeconfig);
  expect(secrets).toHaveLength(1);
  const all = await histories();
  expect(all.length).toBeGreaterThan(made.length);
  const logs = readFileSync(path.join(stack.dir, 'logs', 'worker.log'), 'utf8');
  for (const text of [...all, stack.start.output(), logs]) {
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    expect(text).not.toMatch(/Bearer |PRIVATE KEY/);
  }
});

test(
  'When all are purged, no pod and no claim is left.',
  async () => {
    await Promise.all(made.map((each) => purge(stack.client, each)));
    expect(await listPodNames()).toEqual([]);
    const claims = await administer().listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, labelSelector: SELECTOR });
    expect(claims.items).toEqual([]);
  },
  LIMIT_MS,
);

async function create(name: string): Promise<WorkspaceHandle> {
  // All of them have room on a small node.
  const resources = { cpu: '100m', memory: '256Mi' };
  const workspace = await stack.client.create({ owner: 'ada', name, image: NEXT_IMAGE, resources });
  made.push(workspace);
  return workspace;
}

const rebuild = async (workspace: WorkspaceHandle) => (await workspace.rebuild({ by: 'test' })).build ?? 0;

/** Runs, whether the last fault stopped it or not. */
async function bringUp(workspace: WorkspaceHandle): Promise<void> {
  if ((await workspace.status()).state === 'off') await workspace.start({ by: 'test' });
  await stack.untilBuilt(workspace, (await workspace.status()).build?.number ?? 0);
}

/** The build is in the middle of its hook, and stays there. */
async function holdInHook(): Promise<number> {
  await stack.inside(inHook, 'rm -f go-on; : >runs');
  const build = await rebuild(inHook);
  await until('the hook has begun', async () => (await stack.inside(inHook, 'cat runs').catch(() => '')) !== '', {
    patienceMs: BUILD_MS,
  });
  return build;
}

/** Lets the hook go as soon as anything can be run in its pod again. */
async function endFault(fault: Fault): Promise<void> {
  await fault.end({ dir: stack.dir, kubeconfig });
  const letGo = () =>
    stack.inside(inHook, ': >go-on').then(
      () => true,
      () => false,
    );
  await until('the hook is let go', letGo, { patienceMs: BUILD_MS });
}

async function listPodNames(): Promise<string[]> {
  const { items } = await administer().listNamespacedPod({ namespace: NAMESPACE, labelSelector: SELECTOR });
  return items.map(({ metadata }) => metadata?.name ?? '').sort();
}

/** One for each workspace that is not off. */
async function expectedPodNames(): Promise<string[]> {
  const all = await Promise.all(made.map((each) => each.status()));
  return all.flatMap(({ state, id }) => (state === 'off' ? [] : `ws-${id}`)).sort();
}

/** Every run of every workflow, as text. */
async function histories(): Promise<string[]> {
  const texts: string[] = [];
  for await (const { workflowId, runId } of stack.client.temporal.workflow.list()) {
    const history = await stack.client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    texts.push(JSON.stringify(history, readable));
  }
  return texts;
}

/** The tokens and keys of a kubeconfig. */
function credentialsOf(file: string): string[] {
  const { users } = loadYaml<{ users: { user: Record<string, string> }[] }>(readFileSync(file, 'utf8'));
  return users.flatMap(({ user }) => ['token', 'client-key-data'].flatMap((name) => user[name] ?? []));
}

/** Payloads are bytes. */
function readable(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}
