/** Builds of workspaces, one in each step, while parts of the cluster or of the service are away. The worker has its role only. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { loadYaml } from '@kubernetes/client-node';
import type { WorkspaceHandle } from '../../src/client';
import { eventually } from '../start/start-process';
import { administer, NEXT_IMAGE } from './cluster-world';
import { FAULTS, TOOL } from './faults';
import { type Installation, install } from './installation';
import { type ClusterStack, NAMESPACE, purge, startClusterStack } from './stack';

/** A hook that goes on only when a file appears in the home, and says in the home how often it ran. */
const PERSONALIZE = `cat >personalize <<'END'
#!/bin/sh
echo begun
echo "$PPID" >>"$HOME/runs"
until [ -e "$HOME/go-on" ]; do sleep 0.2; done
echo ended
END
chmod +x personalize; : >go-on; : >runs`;

const LIMIT_MS = 300_000;

const describeWithTool = TOOL ? describe : describe.skip;

describeWithTool('While builds are in each of their steps', () => {
  let installation: Installation;
  let kubeconfig: string;
  let stack: ClusterStack;
  let inHook: WorkspaceHandle;
  let inStart: WorkspaceHandle;
  let inStop: WorkspaceHandle;
  let idle: WorkspaceHandle;
  let idleId = '';
  let made = 0;

  beforeAll(async () => {
    installation = await install({ prefix: 'perennial' });
    kubeconfig = await installation.logIn();
    stack = await startClusterStack({ kubeconfig });
    [inHook, inStart, inStop, idle] = await Promise.all([create('hook'), create('start'), create('stop'), create('idle')]);
    for (const each of [inHook, inStart, inStop, idle]) await stack.untilBuilt(each, 1);
    idleId = (await idle.status()).id;
    await stack.inside(inHook, PERSONALIZE);
  }, LIMIT_MS);

  afterAll(async () => {
    await stack.end();
    await installation.end();
  }, LIMIT_MS);

  const create = (name: string) => stack.client.create({ owner: 'ada', name, image: NEXT_IMAGE });

  test.each(FAULTS)(
    '$what loses nothing: each build ends well, the hook has run once, and whoever was at work stays.',
    async (fault) => {
      await stack.inside(inHook, 'rm -f go-on; : >runs');
      const hookBuild = await rebuild(inHook);
      await eventually('the hook has begun', async () => (await stack.inside(inHook, 'cat runs').catch(() => '')) !== '');
      const { build: idleBuild } = await idle.status();

      const beganAt = Date.now();
      await fault.begin(stack.dir);
      const startBuild = await rebuild(inStart);
      const stopping = await inStop.stop({ by: 'test' });
      expect(stopping).toMatchObject({ outcome: 'accepted', state: 'turning-off' });
      made += 1;
      const inHome = await create(`home-${made}`);
      await delay(Math.max(0, beganAt + fault.lastsMs - Date.now()));
      if (fault.isBlind) {
        expect(await inHook.status()).toMatchObject({ state: 'building', build: { number: hookBuild } });
        expect(await idle.status()).toMatchObject({ state: 'running', build: { number: idleBuild?.number } });
      }
      await fault.end();

      await eventually('the hook is let go', () =>
        stack.inside(inHook, ': >go-on').then(
          () => true,
          () => false,
        ),
      );
      await stack.untilBuilt(inHook, hookBuild);
      await stack.untilBuilt(inStart, startBuild);
      await stack.untilBuilt(inHome, 1);
      await eventually('the one that was stopped is off', async () => (await inStop.status()).state === 'off');
      expect((await stack.inside(inHook, 'cat runs')).split('\n')).toHaveLength(1);
      expect(await idle.status()).toMatchObject({ state: 'running', build: { number: idleBuild?.number } });
      expect(await podNames()).toEqual(await expectedPods([inHook, inStart, inHome, idle]));
      await purge(stack.client, inHome);
      await inStop.start({ by: 'test' });
      await stack.untilBuilt(inStop, (await inStop.status()).build?.number ?? 0);
    },
    LIMIT_MS,
  );

  test('Nothing that the worker logs in with is in a history or a log, also after all these errors.', async () => {
    const secrets = credentialsOf(kubeconfig);
    expect(secrets).not.toEqual([]);
    const texts = await histories();
    expect(texts.length).toBeGreaterThan(5);
    for (const text of [...texts, stack.start.output(), readFileSync(`${stack.dir}/logs/worker.log`, 'utf8')]) {
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
      expect(text).not.toMatch(/Bearer |PRIVATE KEY/);
    }
  });

  test(
    'When all are purged, no pod and no claim is left.',
    async () => {
      for (const each of [inHook, inStart, inStop, idle]) await purge(stack.client, each);
      expect(await podNames()).toEqual([]);
      const claims = await administer().listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, labelSelector: LABELS });
      expect(claims.items.map(({ metadata }) => metadata?.name)).not.toContain(`ws-${idleId}-home`);
    },
    LIMIT_MS,
  );

  const rebuild = async (workspace: WorkspaceHandle) => (await workspace.rebuild({ by: 'test' })).build ?? 0;

  /** Every run of every workflow, as text. */
  async function histories(): Promise<string[]> {
    const texts: string[] = [];
    for await (const { workflowId, runId } of stack.client.temporal.workflow.list()) {
      const history = await stack.client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      texts.push(JSON.stringify(history, readable));
    }
    return texts;
  }
});

const LABELS = 'app.kubernetes.io/managed-by=perennial,perennial/owner=ada';

const podNames = async () =>
  (await administer().listNamespacedPod({ namespace: NAMESPACE, labelSelector: LABELS })).items
    .map(({ metadata }) => metadata?.name ?? '')
    .sort();

async function expectedPods(workspaces: WorkspaceHandle[]): Promise<string[]> {
  const all = await Promise.all(workspaces.map((each) => each.status()));
  return all.map(({ id }) => `ws-${id}`).sort();
}

/** Tokens and keys of a kubeconfig. */
function credentialsOf(file: string): string[] {
  const { users } = loadYaml<{ users: { user: Record<string, string> }[] }>(readFileSync(file, 'utf8'));
  return users.flatMap(({ user }) => ['token', 'client-key-data'].flatMap((name) => user[name] ?? []));
}

/** Payloads are bytes. */
function readable(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}
