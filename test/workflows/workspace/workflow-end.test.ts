/** Ended workspaces and replaced builds, as the client and the command report them, on a real server. */
import type { WorkspaceHandle } from '../../../src/client';
import { type Ended, run } from '../../support/cli/command-line';
import { createStackFolder } from '../../support/cli/folder';
import { until } from '../../support/until';
import { clearOverrides, createGate, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

const COMMANDS = ['status', 'explain', 'start', 'stop', 'rebuild', 'cancel', 'ping', 'delete', 'restore', 'logs', 'shell'];

let stack: Stack;
const dir = createStackFolder([]);
beforeAll(async () => {
  stack = await startStack('dev', { withWatch: true });
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

test('Every method and every command reports a terminated workspace with the reason, and none shows its old state.', async () => {
  const workspace = await arrive('terminated');
  await handleOf(workspace).terminate('the disk was on fire');
  const message =
    /^workspace ada\/terminated was terminated at \d{4}-[^ ]+Z \(the disk was on fire\); a home that it had is kept$/;
  await expectEnd(workspace, message);
  const shown = await perennial(['status', 'ada/terminated']);
  expect(shown).toMatchObject({
    code: 1,
    out: '',
    error: expect.stringContaining('perennial: NotFound: workspace ada/terminated was'),
  });
});

test('They report a purged workspace, and when it was purged.', async () => {
  const workspace = await arrive('purged');
  await workspace.delete({ purge: true });
  await handleOf(workspace).result();
  await expectEnd(workspace, /^workspace ada\/purged was purged at \d{4}-[^ ]+Z; nothing of it is left$/);
});

test('They report why a creation failed, and a waiting caller gets the failure itself.', async () => {
  const workspace = await stack.client.create({ owner: 'ada', name: 'refused', image: 'starter:1', organization: 'nowhere' });
  await expect(workspace.waitForBuild(1)).rejects.toMatchObject({
    type: 'NotFound',
    message: expect.stringMatching(/^organization: expected the name/),
  });
  await expectEnd(workspace, /^the creation of workspace ada\/refused failed at \d{4}-[^ ]+Z: NotFound: organization: expected/);
});

test('An unknown workspace does not exist, and an ended organization does not return its old policy.', async () => {
  await expectEnd(stack.client.workspace('ada', 'never'), /^workspace ada\/never does not exist$/);
  const organization = stack.client.organization('closed');
  await organization.create();
  await stack.client.temporal.workflow.getHandle('organization/closed').terminate();
  for (const ask of [organization.policy, organization.usage, () => organization.setPolicy({ retention: '1d' })]) {
    await expect(ask()).rejects.toMatchObject({ type: 'NotFound', message: expect.stringMatching(/ended/) });
  }
});

test('The end of a workspace ends the wait for its build.', async () => {
  stack.overrides.hold = (verb) => (verb === 'startPod' ? new Promise(() => {}) : undefined);
  const workspace = await stack.client.create({ owner: 'ada', name: 'cut-off', image: 'starter:1' });
  const waiting = expect(workspace.waitForBuild(1)).rejects.toMatchObject({ message: expect.stringMatching(/was terminated/) });
  await untilState(workspace, 'building');
  await handleOf(workspace).terminate();
  await waiting;
});

test('A wait for the build of an adopted home that ends with the workspace reports the end.', async () => {
  const first = await arrive('before');
  for (const number of [2, 3]) {
    await first.rebuild();
    await first.waitForBuild(number, { intervalMs: 50 });
  }
  const { id } = await first.status();
  await handleOf(first).terminate();
  await until('its pod is gone', async () => (await stack.runtime.listPods()).every((pod) => pod.id !== id));
  const ended = await perennial(['create', 'ada/heir', '--image', 'starter:1', '--home', id]);
  expect(ended).toMatchObject({
    code: 0,
    error: expect.stringMatching(/build 1 of ada\/heir was replaced by build 4, which is/),
  });
  expect(ended.out).toMatch(/ada\/heir is running \(build 4/);
  expect(await stack.client.workspace('ada', 'heir').build(1)).toMatchObject({ number: 1, replacedBy: 4 });
});

test('A queued start that a rebuild replaces has no build: its number names the other, and a waiting caller follows it.', async () => {
  const workspace = await arrive('replaced');
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'stopPod' ? gate.opened : undefined);
  await workspace.stop();
  const start = await workspace.start();
  const rebuild = await workspace.rebuild({ image: 'starter:2' });
  expect([start.build, rebuild.build]).toEqual([2, 3]);
  await expect(workspace.build(2)).rejects.toMatchObject({
    type: 'NotFound',
    message: expect.stringMatching(/got 2, which was replaced by build 3$/),
  });
  const replaced: number[][] = [];
  const waiting = workspace.waitForBuild(2, { onReplaced: (...numbers) => replaced.push(numbers) });
  gate.open();
  expect(await waiting).toMatchObject({ number: 3, image: { reference: 'starter:2' }, failure: null });
  expect(replaced).toEqual([[2, 3]]);
});

test('Terminals that follow a build query the worker only after events, and at most once a second.', async () => {
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'startPod' ? gate.opened : undefined);
  const workspace = await stack.client.create({ owner: 'ada', name: 'watched', image: 'starter:1' });
  await until('its pod is being started', async () => (await workspace.pendingStep())?.waitingFor);
  const queries = jest.spyOn(stack.client.temporal.workflowService, 'queryWorkflow');
  const looks = jest.spyOn(stack.client.temporal.workflowService, 'describeWorkflowExecution');
  const before = await historyLength(workspace);
  const watching = Array.from({ length: 4 }, () => workspace.waitForBuild(1));
  await until('each has looked some times', () => looks.mock.calls.length >= 30);
  // One each to begin with, and one more for all that happened meanwhile.
  expect(queries.mock.calls.length).toBeLessThanOrEqual(4 * (1 + (await historyLength(workspace)) - before));
  looks.mockRestore();
  const openedAt = performance.now();
  gate.open();
  for (const build of await Promise.all(watching)) expect(build).toMatchObject({ number: 1, failure: null });
  expect(queries.mock.calls.length).toBeLessThanOrEqual(16 + (4 * (performance.now() - openedAt)) / 1_000);
  queries.mockRestore();
});

async function arrive(name: string): Promise<WorkspaceHandle> {
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1' });
  await untilState(workspace, 'running');
  return workspace;
}

const historyLength = async (workspace: WorkspaceHandle) => (await handleOf(workspace).describe()).historyLength;
const handleOf = ({ workspace }: WorkspaceHandle) => stack.client.temporal.workflow.getHandle(`workspace/${workspace}`);

async function expectEnd(workspace: WorkspaceHandle, message: RegExp): Promise<void> {
  const { status, explain, build, ping, start, stop, rebuild, cancelBuild, restore, configure, waitForBuild } = workspace;
  const asked = [status, explain, build, ping, start, stop, rebuild, cancelBuild, restore, workspace.delete];
  for (const ask of [...asked, () => configure({ image: 'starter:2' })]) {
    await expect(ask()).rejects.toMatchObject({ type: 'NotFound', message: expect.stringMatching(message) });
  }
  await expect(waitForBuild(1)).rejects.toMatchObject({ type: 'NotFound' });
  for (const name of COMMANDS) {
    const ended = await perennial([name, workspace.workspace, '--json']);
    expect({ name, code: ended.code, error: JSON.parse(ended.out).error }).toEqual({
      name,
      code: 1,
      error: { type: 'NotFound', message: expect.stringMatching(message) },
    });
  }
  const isListed = async () => (await perennial(['list', '--json'])).out.includes(`"${workspace.workspace}"`);
  await until('it is listed no more', async () => !(await isListed()));
}

/** The command line, against the stack. */
function perennial(args: string[]): Promise<Ended> {
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return run(args, { client: stack.client, settings: { dir, images: dir, by: null }, pause });
}
