import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient, type PerennialClient } from '../../src/client';
import { createKubernetesRuntime, type KubernetesRuntime } from '../../src/runtimes/kubernetes';
import { patiently } from '../runtimes/contract';
import {
  endAllStarts,
  eventually,
  isAlive,
  launchStart,
  readProcesses,
  readStack,
  type StartProcess,
} from '../start/start-process';
import { administer, IMAGE, KUBECONFIG } from './cluster-world';

const LIMIT_MS = 240_000;
const NAMESPACE = 'perennial-default';

/** A hook that goes on only when a file appears in the home, and then for all later builds. */
const PERSONALIZE = `#!/bin/sh
echo begun
until [ -e "$HOME/go-on" ]; do sleep 0.2; done
echo ended
`;

describe('A workspace on a cluster', () => {
  let folder: string;
  let start: StartProcess;
  let client: PerennialClient;
  let runtime: KubernetesRuntime;
  let id = '';

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-cluster-'));
    chmodSync(folder, 0o755);
    const script = path.join(__dirname, '..', '..', 'scripts', 'start.mjs');
    start = launchStart({ script, args: ['--dir', path.join(folder, 'stack'), '--runtime', 'kubernetes', '--no-first'] });
    await start.untilSaid(/^ready /m);
    client = await connectClient({ address: readStack(path.join(folder, 'stack')).temporal.address });
    runtime = createKubernetesRuntime({ kubeconfig: KUBECONFIG });
  }, LIMIT_MS);
  afterAll(async () => {
    await runtime.close();
    await client.close();
    await endAllStarts();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  const workspace = () => client.workspace('ada', 'cluster');
  const run = async (script: string): Promise<string> => {
    const build = (await workspace().status()).build?.number ?? 0;
    const pod = { id, organization: 'default', build };
    return (await runtime.exec(pod, { argv: ['sh', '-c', script] }, patiently().signal)).stdout.trim();
  };
  const untilRunning = (build: number) =>
    eventually(`build ${build} runs`, async () => {
      const status = await workspace().status();
      return status.state === 'running' && status.build?.number === build;
    });

  test(
    'It is built with its hooks run as the image’s user, in a home that is theirs alone to open.',
    async () => {
      await client.create({ owner: 'ada', name: 'cluster', image: IMAGE });
      await untilRunning(1);
      const status = await workspace().status();
      id = status.id;
      expect(status.build).toMatchObject({ failure: null, warnings: [], image: { digest: expect.stringMatching(/^sha256:/) } });
      expect(await run('cat .perennial/logs/build-1/configure.log')).toContain('user coder, home /home/coder');
      expect(await run('stat -c "%U %a" .; echo $CODER_WORKSPACE_NAME')).toBe('coder 755\ncluster');
    },
    LIMIT_MS,
  );

  test(
    'A rebuild keeps the home with the modes of its files, and nothing else.',
    async () => {
      await run('mkdir -p .ssh; echo key >.ssh/id; chmod 600 .ssh/id; echo x >/tmp/left');
      await workspace().rebuild({ by: 'test' });
      await untilRunning(2);
      expect(await run('stat -c %a .ssh/id; cat .ssh/id; ls /tmp/left 2>/dev/null')).toBe('600\nkey');
    },
    LIMIT_MS,
  );

  test(
    'A worker killed in the middle of a hook is followed by one that awaits the hook, which has run once.',
    async () => {
      await run(`cat >personalize <<'END'\n${PERSONALIZE}END\nchmod +x personalize`);
      await workspace().rebuild({ by: 'test' });
      const log = () => run('cat .perennial/logs/build-3/personalize.log').catch(() => '');
      await eventually('the hook has begun', async () => (await log()).includes('begun'));
      const { worker } = readProcesses(path.join(folder, 'stack'));
      if (worker !== undefined && isAlive(worker.pid)) process.kill(worker.pid, 'SIGKILL');
      await run('touch go-on');
      await untilRunning(3);
      expect(await log()).toBe('begun\nended');
    },
    LIMIT_MS,
  );

  test(
    'A pod deleted by hand is made again, as is one that was evicted, which counts against nobody.',
    async () => {
      const admin = administer();
      await admin.deleteNamespacedPod({ namespace: NAMESPACE, name: `ws-${id}` });
      await untilRunning(4);
      const eviction = { metadata: { name: `ws-${id}`, namespace: NAMESPACE } };
      await admin.createNamespacedPodEviction({ namespace: NAMESPACE, name: `ws-${id}`, body: eviction });
      await untilRunning(5);
      const { history } = await workspace().explain();
      expect(history.filter(({ cause, to }) => cause === 'pod-lost' && to === 'building')).toHaveLength(2);
      expect(await run('cat .ssh/id')).toBe('key');
    },
    LIMIT_MS,
  );

  test(
    'A home whose claim was deleted behind its back is missing, and nothing new is made in its place.',
    async () => {
      await workspace().stop({ by: 'test' });
      await eventually('it is off', async () => (await workspace().status()).state === 'off');
      const admin = administer();
      await admin.deleteNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, name: `ws-${id}-home` });
      await workspace().start({ by: 'test' });
      await eventually('the build fails', async () => (await workspace().status()).state === 'error');
      expect((await workspace().status()).build?.failure).toMatchObject({ type: 'HomeMissing' });
      const left = await admin.listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, labelSelector: `perennial/id=${id}` });
      expect(left.items).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'Without room it says so while it waits, and a purge leaves nothing behind.',
    async () => {
      const greedy = client.workspace('ada', 'greedy');
      await client.create({ owner: 'ada', name: 'greedy', image: IMAGE, resources: { cpu: '400' } });
      const pending = async () =>
        (await client.temporal.workflow.getHandle('workspace/ada/greedy').describe()).raw.pendingActivities ?? [];
      await eventually('its step says what it waits for', async () =>
        JSON.stringify(await pending(), readable).includes('Insufficient cpu'),
      );
      for (const each of [greedy, workspace()]) {
        await each.delete({ by: 'test', purge: true });
        await eventually('it is purged', async () => {
          const { status } = await client.temporal.workflow.getHandle(`workspace/${each.workspace}`).describe();
          return status.name === 'COMPLETED';
        });
      }
      const admin = administer();
      const ours = { namespace: NAMESPACE, labelSelector: 'perennial/owner=ada' };
      expect((await admin.listNamespacedPod(ours)).items).toEqual([]);
      expect((await admin.listNamespacedPersistentVolumeClaim(ours)).items).toEqual([]);
    },
    LIMIT_MS,
  );
});

/** Payloads are bytes. */
function readable(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}
