/** Hand-overs of an organization: no event is lost, and buffered signals keep their order. */
import { Context } from '@temporalio/activity';
import { TASK_QUEUE } from '../../../src/contract/names';
import type { UsageView } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import { type Stack, startStack } from '../../support/workflows/temporal-env';

/** More than an organization keeps itself, so that this owner is moved to a partition. */
const MANY = 2_600;
/** More unforwarded events than a run may hand over. */
const TOO_MANY = 3_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const handle = () => stack.client.temporal.workflow.getHandle('organization/busy');
const usageOf = async (owner: string) => (await stack.client.organization('busy').usage()).owners[owner];

async function report(owner: string, { from = 0, count = 1, policyAt = Number.MAX_SAFE_INTEGER }): Promise<void> {
  const use = { running: true, home: true, cpu: '1', memory: '2Gi', disk: '10Gi' };
  const reports = Array.from({ length: count }, (_, index) => {
    const name = `w${from + index}`;
    return { workspace: `workspace/${owner}/${name}`, id: name, sequence: Date.now(), owner, policyAt, ...use };
  });
  await handle().signal('usageReported', { reports });
}

test('Signals that arrive before the first task are taken in order of arrival: a report after an end counts.', async () => {
  const late = stack.client.temporal.workflow.getHandle('organization/late');
  const use = { running: true, home: true, cpu: '1', memory: '2Gi', disk: '10Gi' };
  const workspace = 'workspace/ada/dev';
  await stack.stopWorkers();
  await stack.client.temporal.workflow.start('organization', {
    workflowId: 'organization/late',
    taskQueue: TASK_QUEUE,
    args: [{ name: 'late' }],
  });
  await late.signal('workspaceEnded', { workspace, id: 'w1', home: true });
  await late.signal('usageReported', { workspace, id: 'w1', sequence: 1, owner: 'ada', policyAt: 0, ...use });
  await stack.startWorkers();
  const { owners } = await until('the organization answers', () => late.query<UsageView>('usage').catch(() => null));
  expect(owners.ada).toMatchObject({ running: 1, homes: 1 });
});

test('Events for a partition that arrive while the last push of a run ends are forwarded, however many.', async () => {
  await stack.client.organization('busy').create();
  await report('big', { count: MANY });
  await until('the partition has them', async () => (await usageOf('big'))?.running === MANY);

  let [isPushing, isHeld] = [false, true];
  stack.overrides.pushPolicy = async () => {
    isPushing = true;
    while (isHeld) {
      Context.current().heartbeat();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await report('small', { policyAt: 0 });
  await until('a push has begun', () => isPushing);
  const { runId } = await handle().describe();
  await handle().cancel();
  await report('big', { from: MANY, count: TOO_MANY / 2 });
  await report('big', { from: MANY + TOO_MANY / 2, count: TOO_MANY / 2 });
  await usageOf('small');
  isHeld = false;

  await until('the partition has all', async () => (await usageOf('big'))?.running === MANY + TOO_MANY);
  await until('it was handed over', async () => (await handle().describe()).runId !== runId);
  expect(await usageOf('small')).toMatchObject({ running: 1, homes: 1 });
}, 180_000);
