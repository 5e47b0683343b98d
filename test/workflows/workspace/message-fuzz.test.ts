/** Arbitrary messages: none breaks a workspace, and invalid ones are counted. */
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import type { WorkspaceHandle } from '../../../src/client';
import type { StatusView } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import {
  BAD,
  CREATIONS,
  GARBAGE_POLICIES,
  INTERNAL,
  json,
  KNOWN,
  LONG,
  ODD,
  rawMessages,
  SHORT,
  UNDECODABLE,
  UNKNOWN,
  WRONG_FIELDS,
} from '../../support/workflows/raw-messages';
import { type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
let raw: ReturnType<typeof rawMessages>;
beforeAll(async () => {
  stack = await startStack('dev');
  raw = rawMessages(stack);
});
afterAll(() => stack?.close());

test.each([...KNOWN, ...INTERNAL])('Every malformed signal %s is counted and shown, and has no effect.', async (name) => {
  const { workspace, before } = await arrive(`bad-${name.toLowerCase()}`);
  for (const [, payloads] of BAD) await raw.signal(idOf(workspace), name, payloads);
  const after = await answerOf(workspace);
  expect(after.rejected).toEqual({ count: BAD.length, last: { at: expect.any(String), name, reason: expect.any(String) } });
  expect(after.rejected.last?.reason.length).toBeLessThanOrEqual(300);
  expect({ ...after, rejected: null }).toEqual({ ...before, rejected: null });
  await expectSound(workspace);
});

test.each(Object.keys(ODD))('A signal with %s is taken as one without fields.', async (kind) => {
  const { workspace } = await arrive(`odd-${kind.replace(/[^a-z]+/g, '-')}`.slice(0, 40));
  await raw.signal(idOf(workspace), 'stop', ODD[kind] ?? []);
  expect((await untilState(workspace, 'off')).rejected.count).toBe(0);
  await expectSound(workspace);
});

test('A signal of an unknown name has no effect at all, whatever it carries.', async () => {
  const { workspace, before } = await arrive('unknown-names');
  for (const name of UNKNOWN) for (const [, payloads] of BAD) await raw.signal(idOf(workspace), name, payloads);
  expect(await workspace.status()).toEqual(before);
  await expectSound(workspace);
});

test.each(Object.keys(GARBAGE_POLICIES))('A pushed policy with %s is counted and breaks nothing.', async (kind) => {
  const { workspace, before } = await arrive(`policy-${kind.replace(/[^a-z]+/g, '-')}`.slice(0, 40));
  await raw.signal(idOf(workspace), 'policyChanged', [json({ policy: GARBAGE_POLICIES[kind] })]);
  const after = await answerOf(workspace);
  expect(after).toMatchObject({ state: 'running', policyVersion: before.policyVersion, rejected: { count: 1 } });
  await expectSound(workspace);
});

test.each<[string, unknown]>([
  ['another build', { build: 7, reason: 'x', counted: true }],
  ['wrong types', { build: 1, reason: LONG, counted: 'yes' }],
  ['a number below one', { build: -1, reason: 'x', counted: true }],
  ['a number that is none', { build: 1e300, reason: 'x', counted: true }],
  ['half a build found', { build: 1, reason: 'x', counted: true, found: 0.5 }],
])('A reported loss of %s changes nothing.', async (_, lost) => {
  const { workspace, before } = await arrive(`loss-${randomUUID().slice(0, 8)}`);
  await raw.signal(idOf(workspace), 'podLost', [json(lost)]);
  expect({ ...(await workspace.status()), rejected: null }).toEqual({ ...before, rejected: null });
  await expectSound(workspace);
});

test('Garbage sent to an organization changes neither its policy nor its usage.', async () => {
  const organization = stack.client.organization('default');
  const before = [await organization.policy(), Object.keys((await organization.usage()).owners)];
  for (const payloads of [...Object.values(UNDECODABLE), ...Object.values(WRONG_FIELDS), ...Object.values(ODD)]) {
    await raw.signal('organization/default', 'usageReported', payloads);
    await raw.signal('organization/default', 'unknown-message', payloads);
  }
  expect([await organization.policy(), Object.keys((await organization.usage()).owners)]).toEqual(before);
  expect(await soundness('organization/default')).toEqual([]);
});

test.each(['start', 'stop', 'rebuild', 'cancelBuild', 'restore', 'delete', 'configure', 'unknown-message', '__temporal_x'])(
  'Garbage in the update %s is refused and changes nothing.',
  async (name) => {
    const { workspace, before } = await arrive(`update-${name.replace(/[^a-z]+/gi, '').toLowerCase()}`);
    for (const [kind, payloads] of BAD) {
      const outcome = await raw.update(idOf(workspace), name, payloads);
      expect({ kind, refused: outcome?.failure?.applicationFailureInfo?.type }).toEqual({
        kind,
        refused: /unknown|temporal/.test(name) ? expect.anything() : 'InvalidRequest',
      });
    }
    expect(await workspace.status()).toEqual(before);
    await expectSound(workspace);
  },
);

test('Garbage in queries is refused or ignored, and every query answers afterwards.', async () => {
  const { workspace, before } = await arrive('queries');
  for (const queryType of ['status', 'explain', 'build', 'unknown-message', '__temporal_x']) {
    for (const [, payloads] of BAD) await raw.query(idOf(workspace), queryType, payloads).catch(() => undefined);
  }
  await expect(workspace.build(99)).rejects.toMatchObject({
    type: 'NotFound',
    message: expect.stringContaining('expected the number of a build'),
  });
  expect([await workspace.status(), (await workspace.build()).number]).toEqual([before, 1]);
  expect((await workspace.explain()).why).toMatch(/^running since/);
  await expectSound(workspace);
});

test('After any JSON in any signal the workspace answers and takes requests.', async () => {
  const { workspace } = await arrive('any-json');
  const field = fc.constantFrom('by', 'via', 'at', 'image', 'env', 'resources', 'reason', 'policy', 'build', 'counted', 'found');
  const value = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
  const messages = fc.sample(fc.tuple(fc.constantFrom(...KNOWN, ...INTERNAL), value), 400);
  await sendAll(
    messages.map(
      ([name, input]) =>
        () =>
          raw.signal(idOf(workspace), name, [json(input)]),
    ),
  );
  expect((await answerOf(workspace)).rejected.count).toBeGreaterThan(0);
  await workspace.start();
  await untilState(workspace, 'running');
  await expectSound(workspace);
});

test('3,000 malformed signals and 3,000 pings at once cross into new runs, and every one is counted.', async () => {
  const { workspace, before } = await arrive('storm', { continueAsNewAfterEvents: 2_000 });
  const malformed = Array.from(
    { length: 3_000 },
    (_, index) => () => raw.signal(idOf(workspace), KNOWN[index % 5] ?? '', SHORT[index % SHORT.length]?.[1] ?? []),
  );
  const pings = Array.from({ length: 3_000 }, () => () => workspace.ping({ via: 'ide' }));
  await sendAll(malformed.flatMap((bad, index) => [bad, pings[index] ?? bad]));
  const after = await until('all were counted', async () => {
    const status = await workspace.status();
    return status.rejected.count >= 3_000 && status;
  });
  expect(after).toMatchObject({
    id: before.id,
    state: 'running',
    rejected: { count: 3_000 },
    autoOff: { lastAccess: { via: 'ide' } },
  });
  expect((await stack.runtime.listPods()).filter(({ name }) => name === 'storm')).toHaveLength(1);
  const { workflow } = stack.client.temporal;
  await until('another run goes on', async () => (await workflow.count("WorkflowId='workspace/ada/storm'")).count > 1);
  await expectSound(workspace);
}, 600_000);

test('Bad input ends a new workspace as failed with a clear type, and makes nothing.', async () => {
  const before = stack.runtime.calls.length;
  for (const [kind, [type, payloads]] of Object.entries(CREATIONS)) {
    await raw.start('workspace/ada/never', payloads);
    const failure = await stack.client.temporal.workflow
      .getHandle('workspace/ada/never')
      .result()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    const { cause } = failure as WorkflowFailedError;
    expect({ kind, type: (cause as ApplicationFailure).type }).toEqual({ kind, type });
  }
  expect(stack.runtime.calls.slice(before)).toEqual([]);
});

/** A running workspace, at rest. */
async function arrive(name: string, more: object = {}): Promise<{ workspace: WorkspaceHandle; before: StatusView }> {
  const proper = name.replace(/-+/g, '-').replace(/-$/, '');
  const workspace = await stack.client.create({ owner: 'ada', name: proper, image: 'starter:1', ...more });
  return { workspace, before: await untilState(workspace, 'running') };
}

/** A broken workspace never answers, so the test waits a limited time. */
function answerOf(workspace: WorkspaceHandle): Promise<StatusView> {
  return stack.client.temporal.withDeadline(Date.now() + 60_000, () => workspace.status());
}

/** It answers, and no workflow task failed, except through the server itself. */
async function expectSound(workspace: WorkspaceHandle): Promise<void> {
  await answerOf(workspace);
  expect(await soundness(idOf(workspace))).toEqual([]);
}

async function soundness(workflowId: string): Promise<string[]> {
  return (await taskFailures(stack, workflowId)).filter((failure) => !/UnhandledCommand|ForceCloseCommand/.test(failure));
}

const idOf = ({ workspace }: WorkspaceHandle) => `workspace/${workspace}`;

/** Enough at once to keep the server busy, and few enough that it refuses none. */
async function sendAll(work: (() => Promise<unknown>)[]): Promise<void> {
  const waiting = [...work].reverse();
  const sendOneByOne = async () => {
    for (let send = waiting.pop(); send; send = waiting.pop()) await send();
  };
  await Promise.all(Array.from({ length: 40 }, sendOneByOne));
}
