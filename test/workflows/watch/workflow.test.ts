/** The watch on a real server, with rounds further apart than the heartbeat timeout. */

import { until } from '../../support/until';
import { type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

/** Longer than the heartbeat's timeout of 10 s. */
const WATCH_MS = 12_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev', { withWatch: true, watchMs: WATCH_MS });
});
afterAll(() => stack?.close());

test('A missing pod is built again, also when rounds are further apart than the heartbeat timeout.', async () => {
  const workspace = await stack.client.create({ owner: 'ada', name: 'missed', image: 'starter:1' });
  const { id } = await untilState(workspace, 'running');
  await stack.runtime.stopPod(
    { id, organization: 'default', build: 1 },
    { signal: new AbortController().signal, waitingFor: () => undefined },
  );
  const lost = await until('it is built again', async () => {
    const { build } = await workspace.status();
    return build?.number === 2 && build;
  });
  expect(lost.cause).toBe('pod-lost');
  const { raw } = await stack.client.temporal.workflow.getHandle('watch/memory').describe();
  expect(raw.pendingActivities?.map(({ attempt }) => attempt)).toEqual([1]);
});

test('The visibility clause lists every workflow that is not closed.', async () => {
  const [listed] = await stack.client.list({ owner: 'ada' });
  expect(listed).toMatchObject({ workspace: 'ada/missed' });
  await stack.client.temporal.workflow.getHandle('workspace/ada/missed').terminate();
  await until('it is listed no more', async () => (await stack.client.list({ owner: 'ada' })).length === 0);
});
