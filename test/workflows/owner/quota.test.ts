/** Quotas on a real server: reserved in `admit`, given back by the workspaces, and compared with them. */
import { ownerStatusQuery } from '../../../src/contract/messages';
import type { OwnerView } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import { type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const statusOf = (owner: string, organization = 'default') =>
  stack.client.temporal.workflow.getHandle(`owner/${organization}/${owner}`).query<OwnerView>(ownerStatusQuery);
const usageOf = async (owner: string, organization = 'default') => (await statusOf(owner, organization)).usage;

function create(owner: string, name: string, more: object = {}) {
  return stack.client.create({ owner, name, image: 'starter:1', by: owner, ...more });
}

test('A workspace is counted from its build on, and gives back when it is off and when it is purged.', async () => {
  const workspace = await create('ada', 'dev');
  await untilState(workspace, 'running');
  expect(await usageOf('ada')).toEqual({ running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });
  await workspace.stop();
  await until('it is given back', async () => (await usageOf('ada')).running === 0);
  expect(await usageOf('ada')).toEqual({ running: 0, homes: 1, cpu: '0', memory: '0', disk: '10Gi' });
  await workspace.delete({ purge: true });
  await until('its home is given back', async () => (await usageOf('ada')).homes === 0);
  expect((await stack.client.organization('default').usage()).owners.ada).toBeUndefined();
});
