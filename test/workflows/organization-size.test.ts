/** An organization of 100,000 workspaces on a real server: across many hand-overs, and past what one workflow can hand over. */
import type { UsageView } from '../../src/workflows/messages';
import { type Stack, startStack, taskFailures, until } from './stack';

const COUNT = 100_000;
const OWNERS = 20_000;
/** So many reports come in one signal, as they would from as many workspaces in one task. */
const IN_ONE = 1_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const longName = (prefix: string, index: number) => `${prefix}${index}`.padEnd(40, 'x');
function reportOf(index: number) {
  const owner = longName('owner', index % OWNERS);
  const workspace = `workspace/${owner}/${longName('name', index)}`;
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const use = { running: index % 10 === 0, home: true, cpu: '500m', memory: '2Gi', disk: '10Gi' };
  // As new a policy as there will be, since nobody is there to be sent one.
  return { workspace, id, sequence: Date.now(), owner, policyAt: Number.MAX_SAFE_INTEGER, ...use };
}

test('100,000 workspaces with names of 40 characters are all counted, across the hand-overs that their reports cause.', async () => {
  await stack.client.organization('huge').create();
  const handle = stack.client.temporal.workflow.getHandle('organization/huge');
  for (let first = 0; first < COUNT; first += IN_ONE) {
    const reports = Array.from({ length: IN_ONE }, (_, offset) => reportOf(first + offset));
    await handle.signal('usageReported', { reports });
  }
  const { temporal } = stack.client;
  const view = await until('all are counted', async () => {
    const usage = await stack.client.organization('huge').usage();
    const homes = Object.values(usage.owners).reduce((sum, owner) => sum + owner.homes, 0);
    return homes === COUNT && usage;
  });
  expect(Object.keys(view.owners)).toHaveLength(OWNERS);
  expect(Object.values(view.owners).reduce((sum, owner) => sum + owner.running, 0)).toBe(COUNT / 10);
  expect(view.owners[longName('owner', 0)]).toEqual({ running: 5, homes: 5, cpu: '2500m', memory: '10Gi', disk: '50Gi' });
  const plain = await handle.query<UsageView>('usage');
  expect(plain.more?.length).toBeGreaterThan(30);
  const runs = await temporal.workflow.count("WorkflowId='organization/huge'");
  expect(runs.count).toBeGreaterThan(3);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  expect((await taskFailures(stack, 'organization/huge')).filter((failure) => !failure.startsWith('UNHANDLED'))).toEqual([]);
  for (const part of plain.more ?? []) {
    expect((await temporal.workflow.getHandle(part).describe()).status.name).toBe('RUNNING');
  }

  await handle.cancel();
  const { version } = await stack.client.organization('huge').setPolicy({ retention: '1d' });
  expect(version).toBe(2);
  const policyOf = async (part: string) => {
    const { description } = {
      description: await temporal.workflow.getHandle(part).query<object>('__temporal_workflow_metadata'),
    };
    return JSON.stringify(description);
  };
  const [first = ''] = plain.more ?? [];
  await until('a part has the policy', async () => (await policyOf(first)).includes('policy version 2'));
}, 600_000);
