/** The scenarios of campaigns, for test/workflows/record.ts. */

import { until } from '../support/until';
import { startCampaign } from '../support/workflows/campaign-env';
import { injectFault } from '../support/workflows/fault-injection';
import { createGate, type Stack, untilState } from '../support/workflows/temporal-env';

/** Both runs of a campaign that hands over in the middle, with a mark, a wait, a failure, and a pause; and a workspace that it rebuilt. */
export async function campaigns(stack: Stack) {
  const { client } = stack;
  const organization = 'campaigns';
  await client.organization(organization).create();
  const names = ['campaign-0', 'campaign-1', 'campaign-2', 'campaign-3', 'campaign-4'];
  const made = await Promise.all(names.map((name) => client.create({ owner: 'ada', name, organization, image: 'starter:1' })));
  await Promise.all(made.map((workspace) => untilState(workspace, 'running')));
  await made[3]?.stop();
  if (made[3]) await untilState(made[3], 'off');
  await made[2]?.ping({ via: 'ssh' });
  await until('all are listed', async () => (await client.list({ organization })).length === names.length);
  const gate = createGate();
  const meter = injectFault('campaign-1', 'start-pod', { hold: () => gate.opened });
  const campaign = await startCampaign(stack, 'patch', {
    organization,
    image: 'starter:2',
    patience: '10s',
    atOnce: 2,
    continueAsNewAfterEvents: 45,
  });
  await until('a rebuild is held', () => meter.calls() > 0);
  const handle = client.temporal.workflow.getHandle(campaign.workflowId);
  const { runId } = await handle.describe();
  await campaign.signal('pause');
  await campaign.signal('resume');
  await until('another run takes over', async () => {
    await campaign.signal('resume');
    return (await handle.describe()).runId !== runId;
  });
  gate.open();
  await campaign.result();
  return {
    'campaign-before': { workflowId: campaign.workflowId, runId },
    'campaign-after': { workflowId: campaign.workflowId },
    'campaign-workspace': { workflowId: 'workspace/ada/campaign-2' },
  };
}

/** A campaign that announces the rebuild of a workspace in use, warns it, and rebuilds it when the patience has run out; and the workspace. */
export async function announced(stack: Stack) {
  const { client } = stack;
  const organization = 'announced';
  await client.organization(organization).create();
  const names = ['announced-0', 'announced-1'];
  const [, used] = await Promise.all(
    names.map(async (name) => {
      const workspace = await client.create({ owner: 'ada', name, organization, image: 'starter:1' });
      await untilState(workspace, 'running');
      return workspace;
    }),
  );
  await used?.ping({ via: 'ssh' });
  await until('both are listed', async () => (await client.list({ organization })).length === names.length);
  const campaign = await startCampaign(stack, 'announced', { organization, image: 'starter:2', patience: '10s' });
  await campaign.result();
  return {
    'campaign-announced': { workflowId: campaign.workflowId },
    'campaign-announced-workspace': { workflowId: 'workspace/ada/announced-1' },
  };
}
