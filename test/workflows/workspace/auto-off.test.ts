/** Auto-off, on skipped time: when an idle workspace is stopped, and what puts the stop off. */
import type { WorkspaceHandle } from '../../../src/client';
import type { HistoryEntry } from '../../../src/contract/payloads';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import { until } from '../../support/until';
import { outage } from '../../support/workflows/outage';
import { clearOverrides, createGate, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
/** The organization's default threshold, and how late a stop may be with a worker up. */
const [THRESHOLD, SLACK] = [2 * HOUR, 5 * SECOND];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('time-skipping');
  await stack.client.organization('free').create({ policy: { autoOff: { after: '4h', userControlled: true } } });
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

let created = 0;
async function createRunning(more: object = {}): Promise<WorkspaceHandle> {
  created += 1;
  const workspace = await stack.client.create({ owner: 'ada', name: `idle-${created}`, image: 'starter:1', ...more });
  await untilState(workspace, 'running');
  return workspace;
}

const now = () => stack.env.currentTimeMs();
const temporalOf = ({ workspace }: WorkspaceHandle) => stack.client.temporal.workflow.getHandle(`workspace/${workspace}`);
const looks = () => stack.runtime.calls.filter((verb) => verb === 'lastTerminalInput').length;
const sleepUntil = async (at: number) => stack.env.sleep(Math.max(1, at - (await now())));
const dueAt = async (workspace: WorkspaceHandle) => Date.parse((await workspace.status()).autoOff.at ?? 'never');

/** The last stop, both its entries, once it is over. */
async function lastStop(workspace: WorkspaceHandle): Promise<[HistoryEntry, HistoryEntry]> {
  await untilState(workspace, 'off');
  const [down, off] = (await workspace.explain()).history.slice(-2);
  if (!down || !off) throw new Error('there was no stop');
  return [down, off];
}

async function expectStopFrom(workspace: WorkspaceHandle, earliest: number): Promise<void> {
  const [down, off] = await lastStop(workspace);
  expect(down).toMatchObject({ from: 'running', to: 'turning-off', cause: 'auto-off', by: 'inactivity' });
  expect(off).toMatchObject({ from: 'turning-off', to: 'off', cause: 'auto-off', by: 'inactivity' });
  expect(Date.parse(down.at)).toBeGreaterThanOrEqual(earliest);
  expect(Date.parse(down.at)).toBeLessThanOrEqual(earliest + SLACK);
}

/** Pings, and returns the recorded moment. */
async function ping(workspace: WorkspaceHandle, via: string): Promise<number> {
  await workspace.ping({ via });
  await until('the ping is known', async () => (await workspace.status()).autoOff.lastAccess?.via === via);
  return Date.parse((await workspace.status()).autoOff.lastAccess?.at ?? 'never');
}

async function losePod(workspace: WorkspaceHandle): Promise<void> {
  const { id, build } = await workspace.status();
  const number = build?.number ?? 0;
  stack.runtime.losePod({ id, organization: 'default', build: number }, { reason: 'it was evicted' });
  // Sent as the watch would, whose activity would hold the clock.
  await temporalOf(workspace).signal('podLost', { build: number, reason: 'it was evicted', counted: true });
}

test('A running workspace without access is stopped never before the threshold and at most 5 s after it, and the history says why once.', async () => {
  const workspace = await createRunning();
  await stack.env.sleep(HOUR);
  const usedAt = await ping(workspace, 'ssh');
  await sleepUntil(usedAt + THRESHOLD - MINUTE);
  expect((await workspace.status()).state).toBe('running');
  await sleepUntil(usedAt + THRESHOLD + MINUTE);
  await expectStopFrom(workspace, usedAt + THRESHOLD);
  const [down, off] = await lastStop(workspace);
  expect(down.rule).toMatch(/policy version 1\b.*2h/);
  expect(down.evidence).toContain(new Date(usedAt).toISOString());
  expect(off).toMatchObject({ rule: down.rule, evidence: down.evidence });
  expect((await workspace.explain()).history).toHaveLength(4);
});

test('A ping that came before the stop was decided prevents it, also during the last look.', async () => {
  const workspace = await createRunning();
  const looksBefore = looks();
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'lastTerminalInput' ? gate.opened : undefined);
  const firstDue = await dueAt(workspace);
  const slept = sleepUntil(firstDue + 5 * MINUTE);
  await until('the last look is under way', () => looks() > looksBefore);
  const usedAt = await ping(workspace, 'ssh');
  gate.open();
  await slept;
  expect(await workspace.status()).toMatchObject({ state: 'running', autoOff: { lastAccess: { via: 'ssh' } } });
  await sleepUntil(usedAt + THRESHOLD + MINUTE);
  await expectStopFrom(workspace, usedAt + THRESHOLD);
});

test('A ping that comes after the decision, while turning off or off, has no effect.', async () => {
  const workspace = await createRunning();
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'stopPod' ? gate.opened : undefined);
  const slept = sleepUntil((await dueAt(workspace)) + MINUTE);
  await untilState(workspace, 'turning-off');
  await workspace.ping({ via: 'late' });
  gate.open();
  await slept;
  await untilState(workspace, 'off');
  await workspace.ping({ via: 'late' });
  expect(await workspace.status()).toMatchObject({ state: 'off', autoOff: { at: null, lastAccess: null } });
});

test('Recent input in a terminal, seen by the last look, is an access via terminal and puts the stop off.', async () => {
  const workspace = await createRunning();
  const { id } = await workspace.status();
  const due = await dueAt(workspace);
  const typedAt = due - 10 * MINUTE;
  stack.runtime.setTerminalInput({ id, organization: 'default', build: 1 }, typedAt);
  await sleepUntil(due + MINUTE);
  const access = { at: new Date(typedAt).toISOString(), via: 'terminal' };
  await until('the input counts', async () => (await workspace.status()).autoOff.lastAccess?.via === 'terminal');
  expect(await workspace.status()).toMatchObject({ state: 'running', autoOff: { lastAccess: access } });
  await sleepUntil(typedAt + THRESHOLD + MINUTE);
  await expectStopFrom(workspace, typedAt + THRESHOLD);
});

test('While the runtime gives no answer the stop is put off; after a late one it comes 2 minutes later, at most 5 s after another.', async () => {
  const workspace = await createRunning();
  stack.overrides.fail = (verb) =>
    verb === 'lastTerminalInput' ? new RuntimeFailure('RuntimeUnavailable', 'no answer') : undefined;
  await sleepUntil((await dueAt(workspace)) + 3 * MINUTE);
  expect((await workspace.explain()).why).toMatch(/^running .*put off until the runtime/);
  clearOverrides(stack);
  await stack.env.sleep(MINUTE);
  expect((await workspace.explain()).why).toMatch(/^running .*in an outage/);
  await stack.env.sleep(3 * MINUTE);
  const [down] = await lastStop(workspace);
  const waited = Date.parse(down.at) - (await lookAnsweredAt(workspace));
  expect(Math.abs(waited - SLACK / 2)).toBeLessThanOrEqual(SLACK / 2);
});

/** When the server took the last look's answer. */
async function lookAnsweredAt(workspace: WorkspaceHandle): Promise<number> {
  const { events } = await temporalOf(workspace).fetchHistory();
  // The one after it is the end of the pod.
  const [answered] = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes).slice(-2);
  return Number(answered?.eventTime?.seconds) * SECOND + (answered?.eventTime?.nanos ?? 0) / 1e6;
}

test('A workspace has a threshold of its own only while the organization lets it; it sleeps when that is taken away and wakes with it.', async () => {
  const strict = await createRunning();
  await expect(strict.configure({ autoOff: { after: '45m' } })).rejects.toMatchObject({ type: 'NotAllowed' });
  const refused = await stack.client.create({ owner: 'ada', name: 'refused', image: 'starter:1', autoOff: { after: '45m' } });
  await expect(refused.waitForBuild(1)).rejects.toMatchObject({ type: 'NotAllowed' });
  const workspace = await createRunning({ organization: 'free', autoOff: { after: '45m' } });
  const usedAt = await ping(workspace, 'web');
  const inForce = (after: string) =>
    until(`${after} is in force`, async () => (await workspace.status()).autoOff.after === after);
  await inForce('45m');
  await stack.client.organization('free').setPolicy({ autoOff: { userControlled: false } });
  await inForce('4h');
  await sleepUntil(usedAt + 2 * HOUR);
  expect(await workspace.status()).toMatchObject({ state: 'running', autoOff: { source: 'organization' } });
  const wokenAt = await now();
  await stack.client.organization('free').setPolicy({ autoOff: { userControlled: true } });
  await inForce('45m');
  await stack.env.sleep(2 * MINUTE);
  const [down] = await lastStop(workspace);
  expect(down.rule).toContain('45m');
  expect(Date.parse(down.at)).toBeGreaterThanOrEqual(wokenAt + MINUTE);
});

test('A threshold of never stops nothing.', async () => {
  const workspace = await createRunning({ organization: 'free', autoOff: { after: 'never' } });
  await stack.env.sleep(3 * 24 * HOUR);
  const autoOff = { at: null, after: 'never', source: 'workspace' };
  expect(await workspace.status()).toMatchObject({ state: 'running', autoOff });
  await workspace.stop();
});

test('A threshold made shorter, by policy or override, stops nothing sooner than 60 s after the change.', async () => {
  await stack.client.organization('hasty').create();
  const byPolicy = await createRunning({ organization: 'hasty' });
  const byOverride = await createRunning({ organization: 'free' });
  await stack.env.sleep(HOUR);
  const changedAt = await now();
  await stack.client.organization('hasty').setPolicy({ autoOff: { after: '1m' } });
  await byOverride.configure({ autoOff: { after: '1m' } });
  await until('the policy is known', async () => (await byPolicy.status()).autoOff.after === '1m');
  const knownAt = await now();
  await stack.env.sleep(3 * MINUTE);
  for (const workspace of [byPolicy, byOverride]) {
    const [down] = await lastStop(workspace);
    expect(Date.parse(down.at)).toBeGreaterThanOrEqual(changedAt + MINUTE);
    expect(Date.parse(down.at)).toBeLessThanOrEqual(knownAt + MINUTE + SLACK);
  }
});

test('After a lost pod the old window stays, with at least 10 minutes left.', async () => {
  const [early, late] = [await createRunning(), await createRunning()];
  const oldEnd = await dueAt(early);
  const isBack = async (workspace: WorkspaceHandle) => {
    await workspace.waitForBuild(2);
    return untilState(workspace, 'running');
  };
  await stack.env.sleep(30 * MINUTE);
  await losePod(early);
  await isBack(early);
  expect(await dueAt(early)).toBe(oldEnd);
  await sleepUntil(oldEnd - MINUTE);
  await losePod(late);
  const { since } = await isBack(late);
  expect(await dueAt(late)).toBe(Date.parse(since) + 10 * MINUTE);
  await stack.env.sleep(12 * MINUTE);
  await expectStopFrom(late, Date.parse(since) + 10 * MINUTE);
});

describe('with an outage', () => {
  // Workers that can be missed run slowly on this server, so only these tests have them.
  beforeAll(async () => {
    await stack.close();
    stack = await startStack('time-skipping', { withOutages: true });
  });

  test('A stop that fell due in an outage is decided no sooner than 2 minutes later, and a ping in these prevents it.', async () => {
    const [left, used] = [await createRunning(), await createRunning()];
    await sleepUntil((await dueAt(left)) - MINUTE);
    const upAt = await outage(stack, HOUR);
    await until('the outage is known', async () => (await left.explain()).why.includes('in an outage'));
    const knownAt = await now();
    await stack.env.sleep(MINUTE);
    expect((await left.status()).state).toBe('running');
    await ping(used, 'ssh');
    await stack.env.sleep(2 * MINUTE);
    const [down] = await lastStop(left);
    expect(Date.parse(down.at)).toBeGreaterThanOrEqual(upAt - SECOND + 2 * MINUTE);
    expect(Date.parse(down.at)).toBeLessThanOrEqual(knownAt + 2 * MINUTE + SLACK);
    expect((await used.status()).state).toBe('running');
  });

  test('A workspace whose pod is gone and whose auto-off fell due meanwhile goes off at once.', async () => {
    const workspace = await createRunning();
    await sleepUntil((await dueAt(workspace)) - MINUTE);
    await outage(stack, HOUR);
    await until('the outage is known', async () => (await workspace.explain()).why.includes('in an outage'));
    await losePod(workspace);
    await untilState(workspace, 'off');
    const stop = { from: 'running', to: 'turning-off', cause: 'auto-off', by: 'inactivity' };
    expect((await workspace.explain()).history[2]).toMatchObject(stop);
  });
});
