/** An organization of 100,000 workspaces on a real server: across many hand-overs, and past what one workflow can hand over. */
import { sendQuery } from '../../../src/client/retry';
import type { UsageView } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import { type Stack, startStack } from '../../support/workflows/temporal-env';

const COUNT = 100_000;
const OWNERS = 20_000;
/** Reports in one signal; real workspaces send one each, and more slowly. */
const IN_ONE = 500;
/** Reports that are sent before they have to be counted. */
const IN_STEP = 10_000;
const PATIENCE_MS = 600_000;
const PATIENTLY = { pauseMs: 500, patienceMs: PATIENCE_MS };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close(), PATIENCE_MS);

const longName = (prefix: string, index: number) => `${prefix}${index}`.padEnd(40, 'x');
function reportOf(index: number) {
  const owner = longName('owner', index % OWNERS);
  const workspace = `workspace/${owner}/${longName('name', index)}`;
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const use = { running: index % 10 === 0, home: true, cpu: '500m', memory: '2Gi', disk: '10Gi' };
  // The newest policy, since these workspaces do not exist and cannot be sent one.
  return { workspace, id, sequence: Date.now(), owner, policyAt: Number.MAX_SAFE_INTEGER, ...use };
}

/** The sum over all owners. The server answers no query while a task that ended a run is made again, since reports came meanwhile. */
async function countHomes(): Promise<{ homes: number; view: UsageView }> {
  const view = await stack.client
    .organization('huge')
    .usage()
    .catch(() => ({ owners: {} }) as UsageView);
  return { homes: Object.values(view.owners).reduce((sum, owner) => sum + owner.homes, 0), view };
}

/** Until all reports are counted. An answer is megabytes from dozens of workflows, so it is asked for when nothing is left to forward. */
function untilCounted(what: string, count: number): Promise<true> {
  const isCounted = async () => !(await isForwarding()) && (await countHomes()).homes === count;
  return until(what, isCounted, PATIENTLY);
}

async function isForwarding(): Promise<boolean> {
  const { pendingActivities, pendingWorkflowTask } = (await handleOf('organization/huge').describe()).raw;
  return pendingWorkflowTask != null || (pendingActivities ?? []).length > 0;
}

const handleOf = (workflowId: string) => stack.client.temporal.workflow.getHandle(workflowId);

/** As our client asks: again where the query came to a workflow between two of its tasks. */
function ask<T>(workflowId: string, query: string): Promise<T> {
  return sendQuery(workflowId, () => handleOf(workflowId).query<T>(query));
}

/** The current details of a workflow, as the Web UI shows them; empty while the worker has no time to answer. */
async function detailsOf(workflowId: string): Promise<string> {
  const metadata = await ask<{ currentDetails?: string }>(workflowId, '__temporal_workflow_metadata').catch(() => null);
  return metadata?.currentDetails ?? '';
}

test('100,000 workspaces with names of 40 characters are all counted, across the hand-overs that their reports cause.', async () => {
  await stack.client.organization('huge').create();
  for (let sent = 0; sent < COUNT; ) {
    for (const next = sent + IN_STEP; sent < next; sent += IN_ONE) {
      const reports = Array.from({ length: IN_ONE }, (_, offset) => reportOf(sent + offset));
      await handleOf('organization/huge').signal('usageReported', { reports });
    }
    await untilCounted(`${sent} are counted`, sent);
  }
  const { view } = await countHomes();
  expect(Object.keys(view.owners)).toHaveLength(OWNERS);
  expect(Object.values(view.owners).reduce((sum, owner) => sum + owner.running, 0)).toBe(COUNT / 10);
  expect(view.owners[longName('owner', 0)]).toEqual({ running: 5, homes: 5, cpu: '2500m', memory: '10Gi', disk: '50Gi' });

  const { more = [] } = await ask<UsageView>('organization/huge', 'usage');
  expect(more.length).toBeGreaterThan(50);
  const runs = await stack.client.temporal.workflow.count("WorkflowId='organization/huge'");
  expect(runs.count).toBeGreaterThan(3);
  // What a workflow hands over is at the begin of its history.
  for (const workflowId of ['organization/huge', ...more]) {
    // Before the request, since the hand-over may follow at once.
    const { runId } = await handleOf(workflowId).describe();
    await handleOf(workflowId).cancel();
    await until(`${workflowId} was handed over`, async () => (await handleOf(workflowId).describe()).runId !== runId, PATIENTLY);
    const { historySize, status } = await handleOf(workflowId).describe();
    expect([status.name, Number(historySize) < 1_300_000]).toEqual(['RUNNING', true]);
  }
  await untilCounted('all are counted still', COUNT);

  await stack.client.organization('huge').setPolicy({ retention: '1d' });
  for (const part of more)
    await until('a part has the policy', async () => (await detailsOf(part)).includes('policy version 2'), PATIENTLY);
}, 1_800_000);
