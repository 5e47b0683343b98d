import type { WorkspaceHandle } from '../../../src/client';
import { administer, IMAGE } from '../../support/kubernetes/cluster-env';
import { type ClusterStack, NAMESPACE, purge, startClusterStack } from '../../support/kubernetes/cluster-stack';
import { until } from '../../support/until';

const QUOTA = 'perennial-test';

/** Losses that a cluster causes. */
describe('A workspace on a cluster', () => {
  let stack: ClusterStack;
  let workspace: WorkspaceHandle;
  let id = '';

  beforeAll(async () => {
    stack = await startClusterStack();
    workspace = await stack.client.create({ owner: 'ada', name: 'lost', image: IMAGE });
    await stack.untilBuilt(workspace, 1);
    id = (await workspace.status()).id;
  });
  afterAll(() => stack.end());

  const untilState = (state: string) => until(`it is ${state}`, async () => (await workspace.status()).state === state);
  const untilStepSays = (words: string) =>
    until(`its step says ${words}`, async () => JSON.stringify(await workspace.pendingStep()).includes(words));

  test('is rebuilt when its pod was deleted by hand or evicted, with its home intact.', async () => {
    await stack.inside(workspace, 'mkdir -p .ssh; echo key >.ssh/id; chmod 600 .ssh/id');
    await administer().deleteNamespacedPod({ namespace: NAMESPACE, name: `ws-${id}` });
    await stack.untilBuilt(workspace, 2);
    const body = { metadata: { name: `ws-${id}`, namespace: NAMESPACE } };
    await administer().createNamespacedPodEviction({ namespace: NAMESPACE, name: `ws-${id}`, body });
    await stack.untilBuilt(workspace, 3);
    const { history } = await workspace.explain();
    expect(history.filter(({ cause, to }) => cause === 'pod-lost' && to === 'building')).toHaveLength(2);
    expect(await stack.inside(workspace, 'stat -c %a .ssh/id; cat .ssh/id')).toBe('600\nkey');
  });

  test('says which quota is in its way while it waits, and is built when there is room.', async () => {
    await workspace.stop({ by: 'test' });
    await untilState('off');
    await until('its pod is gone', async () => (await listPods()).length === 0);
    const spec = { hard: { pods: '0' } };
    await administer().createNamespacedResourceQuota({ namespace: NAMESPACE, body: { metadata: { name: QUOTA }, spec } });
    const isInForce = async () => {
      const quota = await administer().readNamespacedResourceQuota({ namespace: NAMESPACE, name: QUOTA });
      return quota.status?.hard?.pods === '0';
    };
    await until('the quota is in force', isInForce);
    await workspace.start({ by: 'test' });
    await untilStepSays(`exceeded quota: ${QUOTA}`);
    await administer().deleteNamespacedResourceQuota({ namespace: NAMESPACE, name: QUOTA });
    await stack.untilBuilt(workspace, 4);
  });

  test('reports that its memory was not enough for a hook.', async () => {
    const hook =
      "printf '#!/bin/sh\nhead -c 400000000 /dev/zero | tail -c 400000000 | wc -c\n' >personalize; chmod +x personalize";
    await stack.inside(workspace, hook);
    await workspace.rebuild({ by: 'test', resources: { memory: '128Mi' } });
    await until('its build has ended', async () => (await workspace.build(5)).endedAt !== null);
    // Where the kernel ends single processes, it is the hook's warning; where it ends all of a container, the lost pod's reason.
    expect(JSON.stringify(await workspace.build(5))).toContain('out of memory');
  });

  test('fails its build where its claim was deleted from outside, and no new claim is created.', async () => {
    await workspace.stop({ by: 'test' });
    await untilState('off');
    await administer().deleteNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, name: `ws-${id}-home` });
    await workspace.start({ by: 'test' });
    await untilState('error');
    expect((await workspace.status()).build?.failure).toMatchObject({ type: 'HomeMissing' });
    expect(await listClaims()).toEqual([]);
  });

  test('says what it waits for where no node has room, and leaves nothing behind when it is purged.', async () => {
    const greedy = await stack.client.create({ owner: 'ada', name: 'greedy', image: IMAGE, resources: { cpu: '400' } });
    await until('its step says so', async () => JSON.stringify(await greedy.pendingStep()).includes('Insufficient cpu'));
    for (const each of [greedy, workspace]) await purge(stack.client, each);
    expect(await listPods()).toEqual([]);
    expect(await listClaims()).toEqual([]);
  });
});

const SELECTION = { namespace: NAMESPACE, labelSelector: 'perennial/owner=ada' };
const listPods = async () => (await administer().listNamespacedPod(SELECTION)).items;
const listClaims = async () => (await administer().listNamespacedPersistentVolumeClaim(SELECTION)).items;
