/** Deleted workspaces, on skipped time: kept, restored, or purged with the home. */
import type { WorkspaceHandle } from '../../../src/client';
import { sendQuery } from '../../../src/client/retry';
import type { ExplainView, StatusView } from '../../../src/contract/payloads';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import { until } from '../../support/until';
import { clearOverrides, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('time-skipping');
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

async function createRunning(name: string, more: object = {}): Promise<{ workspace: WorkspaceHandle; id: string }> {
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', ...more });
  const { id } = await untilState(workspace, 'running');
  return { workspace, id };
}

const temporalOf = ({ workspace }: WorkspaceHandle) => stack.client.temporal.workflow.getHandle(`workspace/${workspace}`);
const hasHome = async (id: string) => (await stack.runtime.listHomes()).some((home) => home.id === id);

async function sleepUntil(at: number): Promise<void> {
  await stack.env.sleep(Math.max(1, at - (await stack.env.currentTimeMs())));
}

/** The result of the workflow and the moment of its end. */
async function ended(workspace: WorkspaceHandle): Promise<{ result: StatusView; at: number }> {
  const handle = temporalOf(workspace);
  const closeTime = await until('the workflow is completed', async () => {
    const { status, closeTime: at } = await handle.describe();
    return status.name === 'COMPLETED' && at;
  });
  return { result: (await handle.result()) as StatusView, at: closeTime.getTime() };
}

test('A deleted workspace keeps its home until purgeAt, is purged then, and completes with its last status.', async () => {
  const { workspace, id } = await createRunning('kept');
  const before = await stack.env.currentTimeMs();
  const answer = await workspace.delete({ by: 'ada' });
  const purgeAt = Date.parse(answer.purgeAt ?? 'never');
  expect(purgeAt).toBeGreaterThanOrEqual(before + 7 * DAY);
  expect(purgeAt).toBeLessThanOrEqual((await stack.env.currentTimeMs()) + 7 * DAY);
  expect((await untilState(workspace, 'deleted')).purgeAt).toBe(answer.purgeAt);
  await sleepUntil(purgeAt - MINUTE);
  expect((await workspace.status()).state).toBe('deleted');
  expect(await hasHome(id)).toBe(true);
  await sleepUntil(purgeAt + MINUTE);
  const { result, at } = await ended(workspace);
  expect(result).toMatchObject({ workspace: 'ada/kept', id, state: 'purged' });
  expect(at).toBeGreaterThanOrEqual(purgeAt);
  expect(at).toBeLessThanOrEqual(purgeAt + MINUTE);
  expect(await hasHome(id)).toBe(false);
  // The client refuses a query of an ended workflow; Temporal itself still answers.
  const { history } = await sendQuery(workspace.workspace, () => temporalOf(workspace).query<ExplainView>('explain'));
  expect(history.slice(-3).map(({ from, to, cause }) => [from, to, cause])).toEqual([
    ['running', 'turning-off', 'delete'],
    ['turning-off', 'deleted', 'delete'],
    ['deleted', 'purged', 'purge'],
  ]);
});

test('A second delete leaves purgeAt unchanged.', async () => {
  const { workspace } = await createRunning('twice');
  const first = await workspace.delete();
  await untilState(workspace, 'deleted');
  await stack.env.sleep(DAY);
  expect(await workspace.delete()).toEqual({ outcome: 'already', state: 'deleted', purgeAt: first.purgeAt });
  await workspace.delete({ purge: true });
  await ended(workspace);
});

test('A workspace restored before purgeAt is off with its home, is not purged, and starts again.', async () => {
  const { workspace, id } = await createRunning('restored');
  const { purgeAt } = await workspace.delete();
  await untilState(workspace, 'deleted');
  await sleepUntil(Date.parse(purgeAt ?? 'never') - MINUTE);
  expect(await workspace.restore({ by: 'ada' })).toMatchObject({ outcome: 'accepted', state: 'off' });
  expect((await workspace.status()).purgeAt).toBeNull();
  await stack.env.sleep(2 * DAY);
  expect((await workspace.status()).state).toBe('off');
  expect(await hasHome(id)).toBe(true);
  await workspace.start();
  expect(await untilState(workspace, 'running')).toMatchObject({ id, build: { number: 2 } });
  const { history } = await workspace.explain();
  expect(history.find(({ cause }) => cause === 'restore')).toMatchObject({ from: 'deleted', to: 'off', by: 'ada' });
});

test('With purge: true a running workspace and a deleted one are purged at once.', async () => {
  const { workspace: running, id } = await createRunning('at-once');
  const before = await stack.env.currentTimeMs();
  const answer = await running.delete({ purge: true });
  expect(answer).toMatchObject({ outcome: 'accepted', state: 'turning-off' });
  const purgeAt = Date.parse(answer.purgeAt ?? 'never');
  expect(purgeAt).toBeGreaterThanOrEqual(before);
  expect(purgeAt).toBeLessThanOrEqual(await stack.env.currentTimeMs());
  expect((await ended(running)).result.state).toBe('purged');
  expect(await hasHome(id)).toBe(false);

  const { workspace: deleted } = await createRunning('later-at-once');
  await deleted.delete();
  await untilState(deleted, 'deleted');
  expect(await deleted.delete({ purge: true })).toMatchObject({ outcome: 'accepted', state: 'deleted' });
  expect((await ended(deleted)).result.state).toBe('purged');
});

test('The retention is that of the policy at the moment of the request; a later change moves nothing.', async () => {
  const organization = stack.client.organization('brief');
  await organization.create({ policy: { retention: '1d', autoOff: { after: 'never' } } });
  const { workspace: early } = await createRunning('early', { organization: 'brief' });
  const { workspace: late } = await createRunning('late', { organization: 'brief' });
  const setAt = await stack.env.currentTimeMs();
  const { purgeAt } = await early.delete();
  await organization.setPolicy({ retention: '30d' });
  await until('the policy is known', async () => (await late.status()).policyVersion === 2);
  const answer = await late.delete();
  expect(Date.parse(purgeAt ?? 'never') - setAt).toBeLessThan(DAY + MINUTE);
  expect(Date.parse(answer.purgeAt ?? 'never') - setAt).toBeGreaterThanOrEqual(30 * DAY);
  expect((await untilState(early, 'deleted')).purgeAt).toBe(purgeAt);
  await stack.env.sleep(DAY + MINUTE);
  expect((await ended(early)).result.state).toBe('purged');
  expect((await late.status()).state).toBe('deleted');
});

test('A purge that the runtime refuses for a while is tried again until it is done.', async () => {
  const { workspace, id } = await createRunning('stubborn');
  stack.overrides.fail = (verb) => (verb === 'deleteHome' ? new RuntimeFailure('RuntimeUnavailable', 'no answer') : undefined);
  const tries = () => stack.runtime.calls.filter((verb) => verb === 'deleteHome').length;
  const before = tries();
  await workspace.delete({ purge: true });
  await until('it was tried', () => tries() > before);
  expect(await hasHome(id)).toBe(true);
  expect((await workspace.status()).state).toBe('deleted');
  clearOverrides(stack);
  await stack.env.sleep(MINUTE);
  await ended(workspace);
  expect(await hasHome(id)).toBe(false);
});
