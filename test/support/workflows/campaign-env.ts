/** Campaigns on a stack with the memory runtime. */
import type { CampaignInput, CampaignProgress, CampaignWorkspace } from '../../../src/contract/campaign';
import { campaignWorkflowId, TASK_QUEUE } from '../../../src/contract/names';
import type { StatusView } from '../../../src/contract/payloads';
import { until } from '../until';
import { type Stack, untilState } from './temporal-env';

/** A campaign of an organization of its own. */
export interface TestCampaign {
  workflowId: string;
  result(): Promise<CampaignProgress>;
  progress(): Promise<CampaignProgress>;
  signal(name: string): Promise<void>;
  workspaces(): Promise<CampaignWorkspace[]>;
}

export async function startCampaign(
  { client }: Stack,
  id: string,
  input: Partial<CampaignInput> & { organization: string; continueAsNewAfterEvents?: number },
): Promise<TestCampaign> {
  const { temporal } = client;
  const workflowId = campaignWorkflowId(input.organization, id);
  const args = [{ by: 'root', reason: 'a patch', atOnce: 3, maxFailures: 2, ...input }];
  await temporal.workflow.start('campaign', { workflowId, taskQueue: TASK_QUEUE, args });
  const handle = temporal.workflow.getHandle(workflowId);
  const { progress, workspaces } = client.campaign(input.organization, id);
  return {
    workflowId,
    result: () => handle.result() as Promise<CampaignProgress>,
    progress,
    signal: (name) => handle.signal(name, {}),
    workspaces,
  };
}

/** Makes workspaces that run, and an organization of their own, and waits until both are listed. */
export async function makeFleet(
  stack: Stack,
  organization: string,
  names: string[],
  policy: Record<string, unknown> = {},
): Promise<void> {
  const { client } = stack;
  await client.organization(organization).create({ policy });
  const handles = await Promise.all(names.map((name) => client.create({ owner: 'ada', name, organization, image: 'starter:1' })));
  await Promise.all(handles.map((handle) => untilState(handle, 'running')));
  await until('all are listed', async () => {
    const listed = await client.list({ organization, state: 'running' });
    return listed.length === names.length;
  });
}

/** Names of workspaces that sort by their numbers. */
export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(3, '0')}`);
}

/** The most of the last builds that overlap, by the workspaces' own records. */
export function peakOf(answers: StatusView[]): number {
  const edges = answers.flatMap(({ build }) => [
    { at: Date.parse(build?.startedAt ?? ''), change: 1 },
    { at: Date.parse(build?.endedAt ?? ''), change: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.change - b.change);
  let now = 0;
  return Math.max(...edges.map(({ change }) => (now += change)));
}
