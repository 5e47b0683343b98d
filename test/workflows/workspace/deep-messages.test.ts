/** Messages nested thousands of levels deep, or without valid Unicode, at every moment at which they can arrive. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import { type Arguments, json, raw, rawMessages } from '../../support/workflows/raw-messages';
import { CLI, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

/** A few kilobytes each. */
const DEEP: Record<string, Arguments> = {
  'deep lists': [raw(`{"reason":${deepList(20_000)}}`)],
  'deep objects': [raw(`{"env":${'{"A":'.repeat(9_000)}1${'}'.repeat(9_000)}}`)],
  'a deep unknown field': [raw(`{"whatever":${deepList(20_000)}}`)],
  'nothing but depth': [raw(deepList(20_000))],
  'an end that is missing': [raw('['.repeat(20_000))],
};
const HALF = '"\\ud83d"';
const NAMES = ['ping', 'start', 'stop', 'rebuild', 'cancelBuild', 'policyChanged', 'podLost'];

let stack: Stack;
let message: ReturnType<typeof rawMessages>;
beforeAll(async () => {
  stack = await startStack('dev');
  message = rawMessages(stack);
});
afterAll(() => stack?.close());

test('Signals nested thousands of levels deep that arrive with the creation break nothing, and the workspace is built.', async () => {
  const workspace = await withCreation('with-creation', async (workflowId) => {
    for (const name of NAMES) for (const payloads of Object.values(DEEP)) await message.signal(workflowId, name, payloads);
    await message.signal(workflowId, 'rebuild', [json({ image: 'starter:2', by: 'eve' })]);
  });
  const status = await untilState(workspace, 'running');
  // A message with a deep unknown field is valid.
  expect(status).toMatchObject({ image: { reference: 'starter:2' }, build: { by: 'eve' } });
  expect(status.rejected.count).toBeGreaterThan(NAMES.length);
  await expectSound(workspace);
});

test('After any JSON of any depth in any signal that arrives with the creation the workspace answers.', async () => {
  const deep = fc.tuple(fc.nat({ max: 20_000 }), fc.jsonValue()).map(([depth, value]) => nest(depth, JSON.stringify(value)));
  const field = fc.constantFrom('by', 'via', 'at', 'image', 'env', 'resources', 'reason', 'policy', 'build', 'x');
  const sent = fc.sample(fc.tuple(fc.constantFrom(...NAMES), field, deep), 60);
  const workspace = await withCreation('any-depth', async (workflowId) => {
    for (const [name, key, value] of sent) await message.signal(workflowId, name, [raw(`{"${key}":${value}}`)]);
  });
  await until('it is at rest', async () => /^(?:off|running|error)$/.test((await workspace.status()).state));
  await workspace.start();
  await untilState(workspace, 'running');
  await expectSound(workspace);
});

test('Deep signals, updates, and queries to a workspace that runs are refused or ignored.', async () => {
  const workspace = await arrive('runs');
  for (const payloads of Object.values(DEEP)) {
    await message.signal(idOf(workspace), 'ping', payloads);
    for (const query of ['status', 'explain', 'build'])
      await message.query(idOf(workspace), query, payloads).catch(() => undefined);
    for (const update of ['configure', 'delete', 'rebuild']) {
      const outcome = await message.update(idOf(workspace), update, [raw(`{"by":${deepList(5_000)}}`)]);
      expect(outcome?.failure?.applicationFailureInfo?.type).toBe('InvalidRequest');
    }
  }
  expect(await workspace.status()).toMatchObject({ state: 'running', rejected: { count: 2 } });
  await expectSound(workspace);
});

test('A creation whose input is nested deep ends as failed with a clear type.', async () => {
  for (const payloads of [[raw(deepList(5_000))], [raw(`{"owner":"ada","name":"deep","env":${deepList(5_000)}}`)]]) {
    await message.start('workspace/ada/deep', payloads);
    const end = stack.client.temporal.workflow.getHandle('workspace/ada/deep').result();
    await expect(end).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
  }
});

test('A deep policy in a creation, a change, or a report does no harm to an organization.', async () => {
  const organization = await stack.client.organization('deep');
  await organization.create({ policy: { retention: '9d', whatever: 1 } });
  const set = await message.update('organization/deep', 'setPolicy', [raw(`{"autoOff":${deepList(5_000)}}`)]);
  expect(set?.failure?.applicationFailureInfo?.type).toBe('InvalidRequest');
  const ignored = await message.update('organization/deep', 'setPolicy', [raw(`{"retention":"8d","x":${deepList(5_000)}}`)]);
  expect(ignored?.success).toBeTruthy();
  for (const name of ['usageReported', 'workspaceEnded']) {
    for (const payloads of Object.values(DEEP)) await message.signal('organization/deep', name, payloads);
  }
  expect((await organization.policy()).retention).toBe('8d');
  expect(await taskFailures(stack, 'organization/deep')).toEqual([]);
});

test('Half of a surrogate pair in any text breaks no reader: of the status, the explanation, or the details of the workflow.', async () => {
  const workspace = await withCreation('half', async (workflowId) => {
    await message.signal(workflowId, 'rebuild', [raw(`{"by":${HALF},"reason":${HALF},"env":{"A":${HALF}}}`)]);
    await message.signal(workflowId, 'ping', [raw(`{"via":${HALF},"session":${HALF}}`)]);
    await message.signal(workflowId, 'stop', [raw(`{"by":[${HALF}]}`)]);
    await message.signal(workflowId, 'rebuild', [raw(`{"env":{${HALF}:"x"}}`)]);
    await message.signal(workflowId, 'ping', [raw(`{"at":"${'\ud83d\ude00'.repeat(300)}"}`)]);
  });
  const status = await untilState(workspace, 'running');
  expect(status).toMatchObject({ env: { A: '\ufffd' }, build: { by: '\ufffd' }, autoOff: { lastAccess: { via: '\ufffd' } } });
  expect(status.rejected.count).toBe(3);
  for (const view of [status, await workspace.explain(), await workspace.build()]) {
    expect(JSON.stringify(view)).not.toMatch(/\\ud[89a-f]/i);
  }
  const details = await temporalCli('workflow', 'metadata', '-w', idOf(workspace), '-o', 'json');
  expect(JSON.stringify(JSON.parse(details))).toContain('**running**');
});

test('Two hundred characters are two hundred code points.', async () => {
  const workspace = await arrive('long-names');
  await workspace.stop({ by: '\ud83d\ude00'.repeat(200) });
  await expect(workspace.start({ by: '\ud83d\ude00'.repeat(201) })).rejects.toMatchObject({ type: 'InvalidRequest' });
  expect((await workspace.explain()).history.at(-1)?.by).toMatch(/^(?:\ud83d\ude00)+…$/u);
});

function deepList(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function nest(depth: number, inner: string): string {
  return depth % 2 === 0
    ? `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`
    : `${'{"A":'.repeat(depth)}${inner}${'}'.repeat(depth)}`;
}

/** Sends messages to a workspace before its first task, so that they arrive in it. */
async function withCreation(name: string, send: (workflowId: string) => Promise<void>): Promise<WorkspaceHandle> {
  await stack.stopWorkers();
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1' });
  await send(idOf(workspace));
  await stack.startWorkers();
  return workspace;
}

async function arrive(name: string): Promise<WorkspaceHandle> {
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1' });
  await untilState(workspace, 'running');
  return workspace;
}

async function expectSound(workspace: WorkspaceHandle): Promise<void> {
  expect(await taskFailures(stack, idOf(workspace))).toEqual([]);
}

async function temporalCli(...args: string[]): Promise<string> {
  const address = stack.server?.address ?? '';
  const { stdout } = await promisify(execFile)(CLI, [...args, '--address', address, '-n', 'perennial']);
  return stdout;
}

const idOf = ({ workspace }: WorkspaceHandle) => `workspace/${workspace}`;
