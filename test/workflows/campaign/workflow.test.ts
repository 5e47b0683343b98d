/** Campaigns on a real server with the memory runtime. */

import { until } from '../../support/until';
import { makeFleet, namesOf, peakOf, startCampaign } from '../../support/workflows/campaign-env';
import { enableFaultInjection, failureOf, injectFault } from '../../support/workflows/fault-injection';
import { type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  enableFaultInjection(stack);
});
afterAll(() => stack.close());

const workspaceOf = (name: string) => stack.client.workspace('ada', name);
const buildsOf = async (names: string[]) =>
  Promise.all(names.map(async (name) => (await workspaceOf(name).status()).build?.number));

test('A campaign rebuilds what runs, marks what is off, leaves other organizations alone, and ends with a report.', async () => {
  const names = namesOf('all', 6);
  await makeFleet(stack, 'all', names);
  await makeFleet(stack, 'neighbour', ['foreign']);
  await workspaceOf('all-005').stop();
  await untilState(workspaceOf('all-005'), 'off');
  // Brackets of its own match workspaces of any organization.
  const where = "Owner='ada') OR (Owner='ada'";
  const campaign = await startCampaign(stack, 'patch', { organization: 'all', image: 'starter:2', where });
  expect(await campaign.result()).toMatchObject({ state: 'done', done: 5, marked: 1, failed: 0, pending: 0, inconclusive: 0 });
  expect(await buildsOf(names)).toEqual([2, 2, 2, 2, 2, 1]);
  expect(await workspaceOf('all-000').status()).toMatchObject({
    state: 'running',
    image: { reference: 'starter:2' },
    build: { cause: 'forced-rebuild', by: 'root' },
    rebuildRequired: null,
  });
  expect(await workspaceOf('all-005').status()).toMatchObject({
    rebuildRequired: expect.stringContaining('campaign all/patch (by root)'),
  });
  await workspaceOf('all-005').start();
  expect(await untilState(workspaceOf('all-005'), 'running')).toMatchObject({
    build: { image: { reference: 'starter:2' } },
    rebuildRequired: null,
  });
  expect(await workspaceOf('foreign').status()).toMatchObject({ build: { number: 1 }, rebuildRequired: null });
  expect(await taskFailures(stack, campaign.workflowId)).toEqual([]);
});

test('A broken image ends the campaign at the canary and leaves the rest untouched.', async () => {
  const names = namesOf('broken', 5);
  await makeFleet(stack, 'broken', names);
  injectFault('broken-000', 'start-pod', { fail: () => failureOf('ImageInvalid') });
  const campaign = await startCampaign(stack, 'patch', { organization: 'broken', image: 'broken:1', atOnce: 5, maxFailures: 5 });
  expect(await campaign.result()).toMatchObject({
    state: 'stopped',
    because: 'a canary failed',
    failed: 1,
    pending: 4,
    failures: [{ workspace: 'ada/broken-000', reason: expect.stringContaining('ImageInvalid') }],
  });
  for (const name of names.slice(1)) {
    expect(await workspaceOf(name).status()).toMatchObject({
      state: 'running',
      build: { number: 1 },
      image: { reference: 'starter:1' },
      rebuildRequired: null,
    });
  }
});

test('A workspace in use announces the rebuild, warns its terminals, and is rebuilt when the patience has run out, while others go on.', async () => {
  await makeFleet(stack, 'used', ['used-000', 'used-001', 'used-002']);
  const warnings: string[] = [];
  const { exec } = stack.overrides;
  stack.overrides.exec = async (pod, command, signal) => {
    if (!command.stdin?.startsWith('Perennial:')) return exec?.(pod, command, signal) ?? { exitCode: 0, stdout: '', stderr: '' };
    warnings.push(command.stdin);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  await workspaceOf('used-000').ping({ via: 'ssh' });
  const campaign = await startCampaign(stack, 'patch', {
    organization: 'used',
    reason: 'a patch\u001b[31m',
    patience: '40s',
    atOnce: 1,
  });
  const explained = await until('it is announced', async () => {
    const { next } = await workspaceOf('used-000').explain();
    return next.find(({ what }) => what === 'rebuild');
  });
  expect(explained.because).toContain('campaign used/patch (by root): a patch');
  await until('the others are done', async () => (await campaign.progress()).done === 2);
  expect(await campaign.progress()).toMatchObject({ waiting: 1, building: 0 });
  expect(await workspaceOf('used-000').status()).toMatchObject({ state: 'running', build: { number: 1 } });
  expect(await campaign.result()).toMatchObject({ state: 'done', done: 3, verdicts: { rebuild: 2, wait: 1 } });
  expect(warnings).toEqual([
    expect.stringMatching(/^Perennial: this workspace is rebuilt at .* UTC by campaign used\/patch \(root\): a patch \[31m/),
  ]);
});

test('Two campaigns never rebuild one workspace at the same time, and each rebuilds it once.', async () => {
  const names = namesOf('twice', 4);
  await makeFleet(stack, 'twice', names);
  const input = { organization: 'twice', atOnce: 4, canary: 4 };
  const campaigns = await Promise.all(['one', 'two'].map((id) => startCampaign(stack, id, input)));
  for (const campaign of campaigns) expect(await campaign.result()).toMatchObject({ state: 'done', done: 4 });
  for (const name of names) {
    const { history } = await workspaceOf(name).explain();
    const forced = history.filter(({ cause }) => cause === 'forced-rebuild');
    expect(forced.map(({ from, to, rule }) => [from, to, rule])).toEqual([
      ['running', 'building', expect.stringMatching(/^campaign twice\//)],
      ['running', 'building', expect.stringMatching(/^campaign twice\//)],
    ]);
    expect(new Set(forced.map(({ rule }) => rule)).size).toBe(2);
  }
});

test('A dry run equals what then happens, workspace by workspace, and touches nothing.', async () => {
  const names = namesOf('dry', 5);
  await makeFleet(stack, 'dry', names);
  await workspaceOf('dry-001').ping({ via: 'ide' });
  await workspaceOf('dry-003').stop();
  await untilState(workspaceOf('dry-003'), 'off');
  const input = { organization: 'dry', image: 'starter:2', patience: '1s' };
  const dry = await startCampaign(stack, 'check', { ...input, dryRun: true });
  expect(await dry.result()).toMatchObject({
    state: 'done',
    dryRun: true,
    done: 0,
    verdicts: { rebuild: 3, mark: 1, wait: 1, skip: 0 },
  });
  expect(await buildsOf(names)).toEqual([1, 1, 1, 1, 1]);
  expect((await workspaceOf('dry-003').status()).rebuildRequired).toBeNull();
  const planned = await dry.workspaces();
  expect((await dry.result()).workspaces).toEqual(planned);
  expect(planned.map(({ because }) => because)).toEqual([
    'it runs unused',
    expect.stringMatching(/^it was accessed at /),
    'it runs unused',
    'its state is off',
    'it runs unused',
  ]);
  const run = await startCampaign(stack, 'run', input);
  await run.result();
  const happened = await run.workspaces();
  expect(happened.map(({ workspace, verdict }) => [workspace, verdict])).toEqual(
    planned.map(({ workspace, verdict }) => [workspace, verdict]),
  );
  const ends = { rebuild: 'done', wait: 'done', mark: 'marked', skip: 'skipped' };
  expect(happened.map(({ state }) => state)).toEqual(planned.map(({ verdict }) => verdict && ends[verdict]));
});

test('A workflow that is terminated during its rebuild is inconclusive and pauses the campaign, which goes on when resumed.', async () => {
  const names = namesOf('lost', 4);
  await makeFleet(stack, 'lost', names);
  const meter = injectFault('lost-001', 'start-pod', { hold: () => new Promise(() => undefined) });
  const campaign = await startCampaign(stack, 'patch', { organization: 'lost', atOnce: 1 });
  await until('its rebuild begins', () => meter.calls() > 0);
  await stack.client.temporal.workflow.getHandle('workspace/ada/lost-001').terminate('by the test');
  const paused = await until('it pauses', async () => {
    const progress = await campaign.progress();
    return progress.state === 'paused' && progress;
  });
  expect(paused).toMatchObject({ inconclusive: 1, done: 1, pending: 2, because: 'the result of ada/lost-001 is unknown' });
  await campaign.signal('resume');
  expect(await campaign.result()).toMatchObject({ state: 'done', inconclusive: 1, done: 3, pending: 0 });
});

test('A paused campaign begins nothing, and a cancelled one ends with what was under way.', async () => {
  const names = namesOf('ctl', 5);
  await makeFleet(stack, 'ctl', names);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const meter = injectFault('ctl-001', 'start-pod', { hold: () => held });
  const campaign = await startCampaign(stack, 'patch', { organization: 'ctl', atOnce: 1 });
  await until('its rebuild begins', () => meter.calls() > 0);
  await campaign.signal('pause');
  await until('it is paused', async () => (await campaign.progress()).state === 'paused');
  release();
  await until('the rebuild under way is counted', async () => (await campaign.progress()).done === 2);
  expect(await campaign.progress()).toMatchObject({ state: 'paused', building: 0, pending: 3 });
  // Temporal's own cancel means the same as the signal.
  await stack.client.temporal.workflow.getHandle(campaign.workflowId).cancel();
  expect(await campaign.result()).toMatchObject({ state: 'cancelled', done: 2, pending: 3 });
  expect(await buildsOf(names)).toEqual([2, 2, 1, 1, 1]);
});

test('Runs that hand over in the middle rebuild each workspace once, never more than allowed at once.', async () => {
  const names = namesOf('hand', 12);
  await makeFleet(stack, 'hand', names);
  const campaign = await startCampaign(stack, 'patch', { organization: 'hand', atOnce: 3, continueAsNewAfterEvents: 30 });
  expect(await campaign.result()).toMatchObject({ state: 'done', done: 12, total: 12 });
  const answers = await Promise.all(names.map((name) => workspaceOf(name).status()));
  expect(peakOf(answers)).toBeLessThanOrEqual(3);
  expect(await buildsOf(names)).toEqual(names.map(() => 2));
  const runs = stack.client.temporal.workflow.list({ query: `WorkflowId='${campaign.workflowId}'` });
  let count = 0;
  for await (const _ of runs) count += 1;
  expect(count).toBeGreaterThan(1);
  expect(await taskFailures(stack, campaign.workflowId)).toEqual([]);
});

test('A campaign whose workers are lost three times gives the same report as an undisturbed campaign.', async () => {
  const names = namesOf('kill', 10);
  await makeFleet(stack, 'kill', names);
  await workspaceOf('kill-009').stop();
  await untilState(workspaceOf('kill-009'), 'off');
  const input = { organization: 'kill', atOnce: 3, maxFailures: 5 };
  const undisturbed = await startCampaign(stack, 'undisturbed', input);
  const expected = await undisturbed.result();
  const campaign = await startCampaign(stack, 'killed', input);
  for (const done of [1, 4, 7]) {
    await until(`${done} are done`, async () => (await campaign.progress()).done >= done);
    await stack.stopWorkers();
    await stack.startWorkers();
  }
  expect(await campaign.result()).toEqual(expected);
  expect(await buildsOf(names)).toEqual(names.map((name) => (name === 'kill-009' ? 1 : 3)));
  expect((await campaign.workspaces()).map(({ workspace, state }) => [workspace, state])).toEqual(
    (await undisturbed.workspaces()).map(({ workspace, state }) => [workspace, state]),
  );
});

test.each([
  ['InvalidRequest', { where: 'Owner = = 1' }],
  ['InvalidRequest', { atOnce: 0 }],
  ['InvalidRequest', { reason: '' }],
  ['InvalidRequest', { image: 'A B' }],
  ['NotFound', { organization: 'nowhere' }],
])('A campaign that is %s fails with that type, and does nothing: %j', async (type, change) => {
  const campaign = await startCampaign(stack, `wrong-${Math.abs(JSON.stringify(change).length)}-${type.toLowerCase()}`, {
    organization: 'default',
    ...change,
  });
  await expect(campaign.result()).rejects.toMatchObject({ cause: { type } });
});
