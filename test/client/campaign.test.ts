/** The handle of a campaign, on a real server. */
import type { CampaignProgress } from '../../src/contract/payloads';
import { until } from '../support/until';
import { makeFleet } from '../support/workflows/campaign-env';
import { type Stack, startStack } from '../support/workflows/temporal-env';

const INPUT = { by: 'root', reason: 'a patch', atOnce: 2, maxFailures: 1 };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  await makeFleet(stack, 'acme', ['client-0', 'client-1']);
});
afterAll(() => stack.close());

test('A campaign is started, paused, resumed, followed to its end, and answers after it.', async () => {
  const campaign = stack.client.campaign('acme', 'patch');
  await campaign.start({ ...INPUT, notBefore: new Date(Date.now() + 15_000).toISOString() });
  await expect(campaign.start(INPUT)).rejects.toMatchObject({ type: 'AlreadyExists' });
  await campaign.pause({ by: 'root' });
  await until('it is paused', async () => (await campaign.progress()).because === 'paused by root');
  await campaign.resume();
  const seen: CampaignProgress[] = [];
  const last = await campaign.waitForEnd({ onChange: (progress) => void seen.push(progress) });
  expect(last).toMatchObject({ state: 'done', done: 2, total: 2 });
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.at(-1)).toEqual(last);
  expect(await campaign.progress()).toEqual(last);
  expect((await campaign.workspaces()).map(({ workspace, state }) => [workspace, state])).toEqual([
    ['ada/client-0', 'done'],
    ['ada/client-1', 'done'],
  ]);
  await expect(campaign.cancel()).rejects.toMatchObject({ type: 'NotFound' });
});

test('Refused, terminated, and unknown campaigns fail each with a type and a sentence of their own.', async () => {
  const { client } = stack;
  const refused = client.campaign('acme', 'refused');
  await refused.start({ ...INPUT, where: 'Owner = =' });
  await expect(refused.waitForEnd()).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(/^where: /),
  });
  const ended = client.campaign('acme', 'ended');
  await ended.start({ ...INPUT, notBefore: '2100-01-01T00:00:00Z' });
  await client.temporal.workflow.getHandle('campaign/acme/ended').terminate();
  await expect(ended.progress()).rejects.toMatchObject({ type: 'NotFound', message: 'campaign acme/ended was terminated' });
  await expect(client.campaign('acme', 'none').progress()).rejects.toMatchObject({ type: 'NotFound' });
});
