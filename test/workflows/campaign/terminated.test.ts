/** What a campaign that was terminated leaves at its workspaces, on a real server. */
import { sendQuery } from '../../../src/client/retry';
import { requiredSignal, stateQuery } from '../../../src/contract/messages';
import type { State } from '../../../src/workflows/workspace/rules/state';
import { until } from '../../support/until';
import { makeFleet, startCampaign } from '../../support/workflows/campaign-env';
import { enableFaultInjection, injectFault } from '../../support/workflows/fault-injection';
import { type Stack, startStack, taskFailures } from '../../support/workflows/temporal-env';

const HOUR_MS = 3_600_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  enableFaultInjection(stack);
});
afterAll(() => stack?.close());

const workspaceOf = (name: string) => stack.client.workspace('ada', name);
const workflowOf = (name: string) => stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`);
const buildsOf = async (names: string[]) =>
  Promise.all(names.map(async (name) => (await workspaceOf(name).status()).build?.number));
const isAnnounced = async (name: string) => (await workspaceOf(name).explain()).next.some(({ what }) => what === 'rebuild');
const stateOf = (name: string) => sendQuery(name, () => workflowOf(name).query(stateQuery)) as Promise<State>;
const requiredOf = async (name: string) => (await stateOf(name)).campaigns?.required ?? null;

test('A campaign that was terminated keeps no workspace from the next one.', async () => {
  await makeFleet(stack, 'left', ['left-000', 'left-001', 'left-002']);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  injectFault('left-002', 'start-pod', { hold: (call) => (call === 1 ? held : undefined) });
  await workspaceOf('left-001').ping({ via: 'ssh' });
  const first = await startCampaign(stack, 'first', { organization: 'left' });
  await until('a rebuild is announced, and another is under way', async () => {
    return (await isAnnounced('left-001')) && (await workspaceOf('left-002').status()).state === 'building';
  });
  await stack.client.temporal.workflow.getHandle(first.workflowId).terminate('by the test');
  expect((await requiredOf('left-001'))?.endsAt).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  const second = await startCampaign(stack, 'second', { organization: 'left', patience: '30s' });
  await until('it waits for both', async () => (await second.progress()).waiting === 2);
  release();
  expect(await second.result()).toMatchObject({ state: 'done', done: 3, verdicts: { rebuild: 1, wait: 2 } });
  expect(await buildsOf(['left-000', 'left-001', 'left-002'])).toEqual([3, 2, 3]);
  expect([await isAnnounced('left-001'), await requiredOf('left-001')]).toEqual([false, null]);
});

test('An announcement that is not repeated ends by itself, and nothing is rebuilt.', async () => {
  await makeFleet(stack, 'alone', ['alone-000']);
  const request = { campaign: 'alone/gone', key: 'run-1', by: 'root', reason: 'a patch', image: null };
  const announce = { ...request, kind: 'announce', rebuildAt: Date.now() + 1_000, endsAt: Date.now() + 15_000 } as const;
  await workflowOf('alone-000').signal(requiredSignal, announce);
  await until('it is announced', () => isAnnounced('alone-000'));
  expect((await workspaceOf('alone-000').status()).rebuildRequired).toContain('campaign alone/gone (by root) rebuilds it');
  await until('it has ended', async () => !(await isAnnounced('alone-000')));
  expect(Date.now()).toBeGreaterThanOrEqual(announce.endsAt);
  expect(await workspaceOf('alone-000').status()).toMatchObject({
    state: 'running',
    build: { number: 1 },
    rebuildRequired: null,
  });
  expect(await taskFailures(stack, 'workspace/ada/alone-000')).toEqual([]);
});
