/** A stop or a purge that does not end: explain says what it waits for, it is retried until it ends, and the request holds. */
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import {
  enableFaultInjection,
  failureOf,
  homesOf,
  injectFault,
  pathOf,
  podsOf,
  untilCalled,
} from '../../support/workflows/fault-injection';
import { createGate, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  enableFaultInjection(stack);
});
afterAll(() => stack?.close());

async function createRunning(name: string): Promise<WorkspaceHandle> {
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada' });
  await untilState(workspace, 'running');
  return workspace;
}

test('A stop that cannot end says in explain what it waits for, and ends once it can.', async () => {
  let isStuck = true;
  const meter = injectFault('stuck-stop', 'stop', { fail: () => (isStuck ? failureOf('HomeBusy') : undefined) });
  const workspace = await createRunning('stuck-stop');
  const { id } = await workspace.status();
  await workspace.stop();
  const said = await until('explain says so', async () => {
    const { why, next } = await workspace.explain();
    return /waits for: HomeBusy: HomeBusy as injected/.test(why) && next;
  });
  expect(said[0]).toMatchObject({
    what: 'stop',
    because: expect.stringMatching(/^it has not ended yet and waits for: HomeBusy/),
  });
  expect(meter.calls()).toBeGreaterThanOrEqual(4);
  expect((await workspace.status()).state).toBe('turning-off');
  isStuck = false;
  await untilState(workspace, 'off');
  expect(await pathOf(workspace, 2)).toEqual(['running→turning-off manual-stop', 'turning-off→off manual-stop']);
  const { why, next } = await workspace.explain();
  expect([why, next, await podsOf(stack, id)]).toEqual([expect.not.stringMatching(/waits for/), [], []]);
});

test('A purge that cannot end says in explain what it waits for, and ends once it can.', async () => {
  let isStuck = true;
  injectFault('stuck-purge', 'purge', { fail: () => (isStuck ? failureOf('RuntimeUnavailable') : undefined) });
  const workspace = await createRunning('stuck-purge');
  const { id } = await workspace.status();
  const { purgeAt } = await workspace.delete({ purge: true });
  const said = await until('explain says so', async () => {
    const { why, next } = await workspace.explain();
    return /its home is being purged \(since .* it waits for: RuntimeUnavailable/.test(why) && next;
  });
  const because = expect.stringMatching(/^it has not ended yet and waits for: RuntimeUnavailable/);
  expect(said).toEqual([{ at: purgeAt, what: 'purge', because }]);
  isStuck = false;
  expect(await stack.client.temporal.workflow.getHandle('workspace/ada/stuck-purge').result()).toMatchObject({ state: 'purged' });
  expect(await homesOf(stack, id)).toBe(0);
});

test('A delete during a stop that cannot end is a delete.', async () => {
  let isStuck = true;
  injectFault('stuck-delete', 'stop', { fail: () => (isStuck ? failureOf('RuntimeUnavailable') : undefined) });
  const workspace = await createRunning('stuck-delete');
  await workspace.stop();
  await until('explain says so', async () => /waits for/.test((await workspace.explain()).why));
  expect(await workspace.delete()).toMatchObject({ outcome: 'accepted', purgeAt: expect.any(String) });
  isStuck = false;
  await untilState(workspace, 'deleted');
  expect((await workspace.explain()).next).toMatchObject([{ what: 'purge', because: expect.stringMatching(/deleted/) }]);
});

test('The pod of a newer build that is found during a removal is removed too, before the workspace is off.', async () => {
  const gate = createGate();
  const meter = injectFault('newer-stop', 'stop', { hold: (call) => (call === 1 ? gate.opened : undefined) });
  const workspace = await createRunning('newer-stop');
  await workspace.stop();
  await untilCalled(meter);
  const lost = { build: 1, found: 7, reason: 'build 7 runs', counted: false };
  await stack.client.temporal.workflow.getHandle('workspace/ada/newer-stop').signal('podLost', lost);
  gate.open();
  await untilState(workspace, 'off');
  expect(meter.calls()).toBe(2);
  expect(await workspace.start()).toMatchObject({ outcome: 'accepted', build: 8 });
});
