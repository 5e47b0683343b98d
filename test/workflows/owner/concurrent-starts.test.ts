/** Fifty starts at once against a quota of ten, asked for by two workers of workflows and short activities, each killed again and again. */
import type { WorkspaceHandle } from '../../../src/client';
import { TASK_QUEUE } from '../../../src/contract/names';
import type { OwnerUsage } from '../../../src/contract/payloads';
import { until } from '../../support/until';
import { type KilledWorker, startKilledWorker } from '../../support/workflows/killed-worker';
import { type Stack, startStack } from '../../support/workflows/temporal-env';

const WORKSPACES = 50;
const QUOTA = 10;
const KILLS = 10;
const PATIENCE_MS = 240_000;

let stack: Stack;
/** Builds of one owner that ask in the same worker share an update, so two workers ask beside each other. */
let workers: KilledWorker[] = [];
beforeAll(async () => {
  stack = await startStack('dev');
  await stack.stopWorkers();
  await stack.startWorkers(TASK_QUEUE);
  const { address = '' } = stack.server ?? {};
  workers = await Promise.all([startKilledWorker(address), startKilledWorker(address)]);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
  await stack?.close();
});

const handles = Array.from({ length: WORKSPACES }, (_, index) => `w${index}`);

async function countIn(state: string): Promise<number> {
  const query = `State='${state}' AND Owner='ada' AND ExecutionStatus='Running' AND WorkflowType='workspace'`;
  return (await stack.client.temporal.workflow.count(query)).count;
}

function untilCount(states: Record<string, number>): Promise<true> {
  return until(
    JSON.stringify(states),
    async () => {
      for (const [state, count] of Object.entries(states)) if ((await countIn(state)) !== count) return false;
      return true as const;
    },
    { patienceMs: PATIENCE_MS, pauseMs: 500 },
  );
}

function untilUsed(expected: OwnerUsage): Promise<true> {
  return until(
    `the usage is ${JSON.stringify(expected)}`,
    async () => {
      const [counted, ledger] = [await stack.client.organization('default').usage(), await ledgerUsage()];
      return JSON.stringify([counted.owners.ada, ledger]) === JSON.stringify([expected, expected]) && (true as const);
    },
    { patienceMs: PATIENCE_MS, pauseMs: 500 },
  );
}

const ledgerUsage = async () => (await stack.client.owner('default', 'ada').status()).usage;

async function withKills<T>(work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const kill = async () => {
    for (let kills = 0; kills < KILLS && !isOver; kills += 1) {
      await workers[kills % workers.length]?.killAndRestart();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  };
  const killing = kill();
  const result = await work();
  await killing;
  isOver = true;
  return result;
}

test('Exactly ten of fifty concurrent starts run, and after their stop nothing is reserved but fifty homes.', async () => {
  const workspaces: WorkspaceHandle[] = await Promise.all(
    handles.map((name) => stack.client.create({ owner: 'ada', name, image: 'starter:1' })),
  );
  await untilCount({ running: WORKSPACES });
  await Promise.all(workspaces.map((workspace) => workspace.stop()));
  await untilUsed({ running: 0, homes: WORKSPACES, cpu: '0', memory: '0', disk: '500Gi' });

  await stack.client.organization('default').setPolicy({ quota: { runningPerOwner: QUOTA } });
  await withKills(async () => {
    await Promise.all(workspaces.map(({ workspace }) => signal(workspace, 'start')));
    await untilCount({ running: QUOTA, error: WORKSPACES - QUOTA });
  });
  await untilUsed({ running: QUOTA, homes: WORKSPACES, cpu: '10', memory: '20Gi', disk: '500Gi' });

  await Promise.all(workspaces.map(({ workspace }) => signal(workspace, 'stop')));
  await untilUsed({ running: 0, homes: WORKSPACES, cpu: '0', memory: '0', disk: '500Gi' });
}, 900_000);

/** Needs no worker, while an update would wait for one. */
function signal(workspace: string, name: string): Promise<void> {
  return stack.client.temporal.workflow.getHandle(`workspace/${workspace}`).signal(name);
}
