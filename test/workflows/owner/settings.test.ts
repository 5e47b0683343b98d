/** An owner's settings on a real server: defaults of the owner's workspaces, which follow within seconds. */
import { sendQuery } from '../../../src/client/retry';
import type { StatusView } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import { BAD, rawMessages } from '../../support/workflows/raw-messages';
import { type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const DOTFILES = { uri: 'https://git.example.com/ada/dotfiles' };
const START = { time: '08:30', timeZone: 'Europe/Berlin' };

const create = (owner: string, name: string, more: object = {}) =>
  stack.client.create({ owner, name, image: 'starter:1', ...more });
const scheduleOf = ({ autoStart }: StatusView) => autoStart && [autoStart.time, autoStart.timeZone];

test('A workspace that sets nothing of its own has the settings of its owner from its creation on.', async () => {
  const owner = stack.client.owner('default', 'ada');
  expect((await owner.status()).settings).toEqual({ dotfiles: null, autoStart: null });
  const { settings, changed } = await owner.configure({ dotfiles: DOTFILES, autoStart: START, by: 'ada' });
  expect([settings, changed?.by, changed?.fields]).toEqual([
    { dotfiles: DOTFILES, autoStart: START },
    'ada',
    ['dotfiles', 'autoStart.time', 'autoStart.timeZone'],
  ]);
  const status = await untilState(await create('ada', 'dev'), 'running');
  expect([status.dotfiles, scheduleOf(status)]).toEqual([DOTFILES, ['08:30', 'Europe/Berlin']]);
});

test('Own settings of a workspace come first, and missing fields of its schedule come from its owner.', async () => {
  await stack.client.owner('default', 'bob').configure({ dotfiles: DOTFILES, autoStart: START });
  const own = { dotfiles: { uri: '' }, autoStart: { time: '06:00', weekdays: ['mon'] } };
  const workspace = await create('bob', 'dev', own);
  const status = await untilState(workspace, 'running');
  expect([status.dotfiles, scheduleOf(status), status.autoStart?.weekdays]).toEqual([null, ['06:00', 'Europe/Berlin'], ['mon']]);
  const cleared = await workspace.configure({ dotfiles: null, autoStart: null });
  expect([cleared.dotfiles, scheduleOf(cleared)]).toEqual([DOTFILES, ['08:30', 'Europe/Berlin']]);
});

test('A change reaches the workspaces within seconds, running or off; dotfiles wait for the next build.', async () => {
  const owner = stack.client.owner('default', 'eve');
  const [running, off] = [await create('eve', 'running'), await create('eve', 'off')];
  await untilState(running, 'running');
  await untilState(off, 'running');
  await off.stop();
  await untilState(off, 'off');
  await owner.configure({ dotfiles: DOTFILES, autoStart: START });
  for (const workspace of [running, off]) {
    const status = await until('the settings arrive', async () => {
      const now = await workspace.status();
      return (now.autoStart?.at ?? null) !== null && now;
    });
    expect(status.dotfiles).toEqual(DOTFILES);
  }
  expect((await running.status()).rebuildRequired).toContain('other dotfiles');
  await running.rebuild();
  await running.waitForBuild(2);
  expect((await running.status()).rebuildRequired).toBeNull();
  await owner.configure({ autoStart: { time: null } });
  for (const workspace of [running, off])
    await until('the schedule is gone', async () => (await workspace.status()).autoStart === null);
  expect(await taskFailures(stack, 'owner/default/eve')).toEqual([]);
});

test('A schedule without a time that its owner does not set either is refused, at a creation and by configure.', async () => {
  const refused = await create('leo', 'refused', { autoStart: { timeZone: 'UTC' } });
  await expect(refused.waitForBuild(1)).rejects.toMatchObject({ message: expect.stringContaining('autoStart.time') });
  const workspace = await create('leo', 'dev');
  await untilState(workspace, 'running');
  await expect(workspace.configure({ autoStart: { time: '08:30' } })).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining('autoStart.timeZone'),
  });
});

test.each([
  ['a zone that does not exist', { autoStart: { timeZone: 'Mars/Olympus' } }, 'autoStart.timeZone'],
  ['a time that is none', { autoStart: { time: '25:00' } }, 'autoStart.time'],
  ['dotfiles with a password', { dotfiles: { uri: 'https://ada:secret@git.example.com/x' } }, 'dotfiles.uri'],
  ['a long by', { by: 'x'.repeat(300) }, 'by'],
])('Settings with %s are refused and change nothing.', async (_, change, field) => {
  const owner = stack.client.owner('default', 'zoe');
  await expect(owner.configure(change)).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining(field),
  });
  expect((await owner.status()).settings).toEqual({ dotfiles: null, autoStart: null });
});

test('An owner in an organization that does not exist is not found, and nothing is started.', async () => {
  const owner = stack.client.owner('nowhere', 'ada');
  await expect(owner.status()).rejects.toMatchObject({ type: 'NotFound' });
  await expect(owner.configure({ autoStart: START })).rejects.toMatchObject({ type: 'NotFound' });
  await expect(stack.client.temporal.workflow.getHandle('owner/nowhere/ada').describe()).rejects.toThrow(/not found/i);
});

test('Settings and ledger survive the end of a run, which a cancel brings about, also while updates come.', async () => {
  const owner = stack.client.owner('default', 'kim');
  const workspace = await create('kim', 'dev');
  await untilState(workspace, 'running');
  await owner.configure({ autoStart: START });
  const handle = stack.client.temporal.workflow.getHandle('owner/default/kim');
  const { runId } = await handle.describe();
  await handle.cancel();
  const changes = ['09:00', '10:00', '11:00'].map((time) => owner.configure({ autoStart: { time } }));
  await Promise.all(changes);
  await until('another run goes on', async () => (await handle.describe()).runId !== runId);
  const { settings, usage } = await owner.status();
  expect([settings.autoStart?.timeZone, usage.running]).toEqual(['Europe/Berlin', 1]);
  await workspace.stop();
  await until('it is given back', async () => (await owner.status()).usage.running === 0);
});

test('Malformed messages change nothing and fail no workflow task.', async () => {
  const owner = stack.client.owner('default', 'mia');
  await untilState(await create('mia', 'dev'), 'running');
  const before = await owner.status();
  const raw = rawMessages(stack);
  for (const name of ['usageReported', 'workspaceEnded', 'policyChanged', 'unknown'])
    for (const [, payloads] of BAD) await raw.signal('owner/default/mia', name, payloads);
  const handle = stack.client.temporal.workflow.getHandle('owner/default/mia');
  const reservations: unknown[] = [null, 'text', { requests: [{}], quota: {}, policyAt: 0 }, { requests: 'all' }];
  for (const reservation of reservations)
    await expect(handle.executeUpdate<unknown, [unknown]>('reserve', { args: [reservation] })).rejects.toThrow();
  expect(await owner.status()).toEqual(before);
  expect(await taskFailures(stack, 'owner/default/mia')).toEqual([]);
});

test('The current details say what is in use, of which limit, and what is set.', async () => {
  const organization = stack.client.organization('small');
  await organization.create({ policy: { quota: { runningPerOwner: 3 } } });
  const owner = stack.client.owner('small', 'ann');
  await untilState(await create('ann', 'dev', { organization: 'small' }), 'running');
  await owner.configure({ dotfiles: DOTFILES, autoStart: START, by: 'ann' });
  const handle = stack.client.temporal.workflow.getHandle('owner/small/ann');
  const metadata = await sendQuery('owner/small/ann', () =>
    handle.query<{ currentDetails: string }>('__temporal_workflow_metadata'),
  );
  expect(metadata.currentDetails).toMatch(/^\*\*1 of 3 running\*\*, CPU 1, memory 2Gi; 1 homes, disk 10Gi/);
  expect(metadata.currentDetails).toContain('auto-start 08:30 Europe/Berlin');
  expect(metadata.currentDetails).toContain('| ann/dev | build 1 | 1, 2Gi | 10Gi |');
  const listed: string[] = [];
  await until('it is listed', async () => {
    const query = "WorkflowType='owner' AND Organization='small' AND Owner='ann'";
    for await (const { workflowId } of stack.client.temporal.workflow.list({ query })) listed.push(workflowId);
    return listed.includes('owner/small/ann');
  });
});
