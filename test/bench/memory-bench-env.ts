/** The environment on the memory runtime, which all measurements but `rebuild` share, with a fleet of running workspaces. */
import type { WorkspaceHandle } from '../../src/client';
import { organizationWorkflowId, TASK_QUEUE } from '../../src/contract/names';
import { createMemoryRuntime } from '../../src/runtimes/memory';
import { until } from '../support/until';
import { type BenchEnv, openBenchEnv } from './bench-env';
import { inLanes } from './lanes';
import { NO_HOOK } from './no-hook';
import type { Bench } from './report';
import { sized } from './size';

export const FLEET_SIZE = sized(500, 10);
/** The fleet's own organizations, so that a change of policy reaches the fleet only; several, since a single one would be the bottleneck. */
export const FLEET_ORGANIZATIONS = Array.from({ length: 25 }, (_, index) => `fleet-${index}`);
const OWNER = 'fleet';
/** Builds at once, which neither the server nor the workers have to queue for long. */
const BATCH = 50;

let opened: Promise<BenchEnv> | null = null;
export function memoryBenchEnv(bench: Bench): Promise<BenchEnv> {
  opened ??= openBenchEnv(bench, createMemoryRuntime({ now: Date.now, exec: () => NO_HOOK }));
  return opened;
}

export async function closeMemoryBenchEnv(): Promise<void> {
  await (await opened)?.close();
  opened = null;
}

let fleet: Promise<WorkspaceHandle[]> | null = null;
/** The same workspaces for all measurements: creating them takes longer than most of these. */
export function fleetOf(bench: Bench): Promise<WorkspaceHandle[]> {
  fleet ??= makeFleet(bench);
  return fleet;
}

async function makeFleet(bench: Bench): Promise<WorkspaceHandle[]> {
  const { client, temporal } = await memoryBenchEnv(bench);
  bench.say(`creating ${FLEET_SIZE} workspaces`);
  for (const organization of FLEET_ORGANIZATIONS) await createOrganization(bench, organization, {});
  const made: WorkspaceHandle[] = [];
  // From the search attributes, since asking each of them would take the worker's time from the builds.
  const query = `State='running' AND Owner='${OWNER}' AND ExecutionStatus='Running'`;
  const areRunning = async () => (await temporal.workflow.count(query)).count === made.length;
  while (made.length < FLEET_SIZE) {
    const first = made.length;
    await inLanes(Math.min(BATCH, FLEET_SIZE - first), 20, async (index) => {
      const organization = FLEET_ORGANIZATIONS[index % FLEET_ORGANIZATIONS.length] ?? '';
      made[first + index] = await client.create({ owner: OWNER, name: `w${first + index}`, image: 'starter:1', organization });
    });
    await until('they are running', areRunning, { pauseMs: 300 });
    bench.say(`${made.length} of ${FLEET_SIZE} are running`);
  }
  return made;
}

/** A new workspace, whose first build has ended. */
export async function runningWorkspace(bench: Bench, given: { name: string; organization?: string }): Promise<WorkspaceHandle> {
  const { client } = await memoryBenchEnv(bench);
  const workspace = await client.create({ owner: 'bench', image: 'starter:1', by: 'bench', ...given });
  await until(`${given.name} is running`, async () => (await workspace.status()).state === 'running', { pauseMs: 100 });
  return workspace;
}

/** Not through the client's own `create`, which goes on waiting for a workflow's end that never comes, also after the server's. */
export async function createOrganization(bench: Bench, name: string, policy: object): Promise<void> {
  const { client, temporal } = await memoryBenchEnv(bench);
  const workflowId = organizationWorkflowId(name);
  await temporal.workflow.start('organization', { workflowId, taskQueue: TASK_QUEUE, args: [{ name, policy }] });
  await client.organization(name).policy();
}
