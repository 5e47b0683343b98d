/** The ground on the memory runtime, which all measurements but `rebuild` share, and a fleet of running workspaces on it. */
import type { WorkspaceHandle } from '../../src/client';
import { createMemoryRuntime } from '../../src/runtimes/memory';
import { organizationWorkflowId, TASK_QUEUE } from '../../src/workflows/messages';
import { NO_HOOK } from './no-hook';
import { type Ground, openGround } from './ground';
import { inLanes, until } from './lanes';
import type { Bench } from './report';

/** The fleet's own, so that a change of policy reaches nobody else. */
export const FLEET = 'fleet';

let opened: Promise<Ground> | null = null;
export function memoryGround(bench: Bench): Promise<Ground> {
  opened ??= openGround(bench, createMemoryRuntime({ now: Date.now, exec: () => NO_HOOK }));
  return opened;
}

export async function closeMemoryGround(): Promise<void> {
  await (await opened)?.close();
  opened = null;
}

let fleet: Promise<WorkspaceHandle[]> | null = null;
/** The same workspaces for whoever asks: making them takes longer than most measurements. */
export function fleetOf(bench: Bench, size: number): Promise<WorkspaceHandle[]> {
  fleet ??= makeFleet(bench, size);
  return fleet;
}

async function makeFleet(bench: Bench, size: number): Promise<WorkspaceHandle[]> {
  await createOrganization(bench, FLEET, {});
  const made: WorkspaceHandle[] = [];
  await inLanes(size, 20, async (index) => {
    const workspace = await runningWorkspace(bench, { name: `w${index}`, organization: FLEET });
    made[index] = workspace;
    if ((index + 1) % 100 === 0) bench.say(`${index + 1} of ${size} workspaces are running`);
  });
  return made;
}

/** A new workspace, whose first build has ended. */
export async function runningWorkspace(bench: Bench, given: { name: string; organization?: string }): Promise<WorkspaceHandle> {
  const { client } = await memoryGround(bench);
  const workspace = await client.create({ owner: 'bench', image: 'starter:1', by: 'bench', ...given });
  await until(`${given.name} is running`, async () => (await workspace.status()).state === 'running', 100);
  return workspace;
}

/** Not through the client's own `create`, which goes on waiting for a workflow's end that never comes, also after the server's. */
export async function createOrganization(bench: Bench, name: string, policy: object): Promise<void> {
  const { client, temporal } = await memoryGround(bench);
  const workflowId = organizationWorkflowId(name);
  await temporal.workflow.start('organization', { workflowId, taskQueue: TASK_QUEUE, args: [{ name, policy }] });
  await client.organization(name).policy();
}
