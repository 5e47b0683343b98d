/** A campaign over hundreds of workspaces, on a real server. In the place of the workspaces are workflows that answer as they do. */

import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import pMap from 'p-map';
import { workspaceWorkflowId } from '../../../src/contract/names';
import { until } from '../../support/until';
import { startCampaign } from '../../support/workflows/campaign-env';
import { type Stack, startStack, taskFailures } from '../../support/workflows/temporal-env';
import { type DoubleInput, type DoubleSpan, spansQuery } from '../../support/workflows/workspace-double';

const RUNNING = 225;
const OFF = 25;
const AT_ONCE = 20;
const BUILD_MS = 200;
const LANES = { concurrency: 20 };
const QUEUE = 'doubles';
const ORGANIZATION = defineSearchAttributeKey('Organization', SearchAttributeType.KEYWORD);

let stack: Stack;
let doubles: Worker;
let running: Promise<void>;

beforeAll(async () => {
  stack = await startStack('dev');
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../support/workflows/workspace-double'),
    logger: new DefaultLogger('ERROR'),
  });
  doubles = await Worker.create({
    connection: stack.env.nativeConnection,
    namespace: stack.client.temporal.options.namespace,
    taskQueue: QUEUE,
    workflowBundle,
    maxCachedWorkflows: 2_000,
  });
  running = doubles.run();
});
afterAll(async () => {
  doubles.shutdown();
  await running;
  await stack.close();
});

const nameOf = (index: number) => `w${String(index).padStart(4, '0')}`;

test('Over hundreds of workspaces, with its worker lost in the middle, at most 20 are rebuilt at once, each once, and the report is whole.', async () => {
  await startDoubles('hundreds', RUNNING + OFF, (index) => ({ state: index % 10 === 3 ? 'off' : 'running' }));
  const campaign = await startCampaign(stack, 'patch', { organization: 'hundreds', atOnce: AT_ONCE, canary: 2 });
  await until('a third is done', async () => (await campaign.progress()).done > RUNNING / 3, { pauseMs: 500 });
  await stack.stopWorkers();
  await stack.startWorkers();
  expect(await campaign.result()).toMatchObject({
    state: 'done',
    total: RUNNING + OFF,
    done: RUNNING,
    marked: OFF,
    failed: 0,
    pending: 0,
    inconclusive: 0,
  });
  const spans = await spansOf('hundreds', RUNNING + OFF);
  expect(
    spans
      .map((list) => list.length)
      .sort()
      .filter((count) => count !== 1),
  ).toEqual(Array.from({ length: OFF }, () => 0));
  expect(peakOf(spans.flat())).toBeLessThanOrEqual(AT_ONCE);
  expect((await campaign.workspaces()).map(({ state }) => state).filter((state) => state === 'done')).toHaveLength(RUNNING);
  expect(await taskFailures(stack, campaign.workflowId)).toEqual([]);
});

test('A broken image over many workspaces ends at the canary.', async () => {
  await startDoubles('broken', 60, () => ({ state: 'running', fails: true }));
  const campaign = await startCampaign(stack, 'patch', { organization: 'broken', atOnce: AT_ONCE, maxFailures: 50 });
  expect(await campaign.result()).toMatchObject({ state: 'stopped', failed: 1, pending: 59 });
  expect((await spansOf('broken', 60)).flat()).toHaveLength(1);
});

async function startDoubles(
  organization: string,
  count: number,
  inputOf: (index: number) => Partial<DoubleInput>,
): Promise<void> {
  const { client } = stack;
  await client.organization(organization).create();
  const start = async (index: number) => {
    const input: DoubleInput = { organization, state: 'running', buildMs: BUILD_MS, ...inputOf(index) };
    await client.temporal.workflow.start('workspace', {
      workflowId: workspaceWorkflowId(organization, nameOf(index)),
      taskQueue: QUEUE,
      args: [input],
      typedSearchAttributes: new TypedSearchAttributes([{ key: ORGANIZATION, value: organization }]),
    });
  };
  await pMap(Array(count).keys(), start, LANES);
  const query = `WorkflowType='workspace' AND Organization='${organization}'`;
  await until('all are listed', async () => (await client.temporal.workflow.count(query)).count === count);
}

function spansOf(organization: string, count: number): Promise<DoubleSpan[][]> {
  const { workflow } = stack.client.temporal;
  const query = (index: number) => workflow.getHandle(workspaceWorkflowId(organization, nameOf(index))).query(spansQuery);
  return pMap(Array(count).keys(), query, LANES);
}

/** The most spans that overlap. */
function peakOf(spans: DoubleSpan[]): number {
  const edges = spans.flatMap(({ begunAt, endedAt }) => [
    { at: begunAt, change: 1 },
    { at: endedAt ?? Number.POSITIVE_INFINITY, change: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.change - b.change);
  let now = 0;
  return Math.max(...edges.map(({ change }) => (now += change)));
}
