/**
 * What an organization with 10,000 running workspaces costs: the time in which a change of its policy reaches them all, and that of a
 * report and of a look at its usage. In the workspaces' place are workflows that only wait for the policy: their builds would take
 * longer than all other work, and are no part of it.
 */

import { watchWorkflowId, workspaceWorkflowId } from '../../src/contract/names';
import { prepareNamespace } from '../../src/worker/namespace';
import { until } from '../support/until';
import { BASELINE_QUEUE } from './bench-env';
import { inLanes } from './lanes';
import { createOrganization, memoryBenchEnv } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, spread, timed } from './report';
import { sized } from './size';

const WORKSPACES = sized(10_000, 100);
const OWNERS = sized(1_000, 10);
const ORGANIZATION = 'ten-thousand';
const REPORTS = sized(100, 5);
const LOOKS = sized(20, 2);
const REPORTS_IN_ONE = sized(500, 50);
/** A count of so many workflows takes the server a tenth of a second, which must not be what is measured. */
const COUNT_PAUSE_MS = sized(2_000, 200);
/** As many signals at once as the push of a policy has. */
const LANES_OF_PUSH = 20;

export const organization: Measurement = {
  name: 'organization',
  title: `An organization with ${WORKSPACES.toLocaleString('en')} running workspaces`,
  run: measure,
};

const ownerOf = (index: number) => `crowd-${index % OWNERS}`;
const workflowIdOf = (index: number) => workspaceWorkflowId(ownerOf(index), `w${index}`);
const bareIdOf = (index: number) => `bare/${index}`;

/** Without the watch, which would remove the records of workspaces that do not exist. */
async function measure(bench: Bench): Promise<Line[]> {
  const { temporal } = await memoryBenchEnv(bench);
  await temporal.workflow.getHandle(watchWorkflowId('memory')).terminate('the benchmark has workspaces that are none');
  try {
    return await measureWithoutWatch(bench);
  } finally {
    await prepareNamespace(temporal, 'memory');
  }
}

async function measureWithoutWatch(bench: Bench): Promise<Line[]> {
  const { client, temporal } = await memoryBenchEnv(bench);
  const handle = temporal.workflow.getHandle(`organization/${ORGANIZATION}`);
  await createOrganization(bench, ORGANIZATION, {});
  bench.say(`starting ${WORKSPACES} workflows that wait for a policy, and as many for a bare signal`);
  for (const idOf of [workflowIdOf, bareIdOf]) {
    await inLanes(WORKSPACES, 50, async (index) => {
      await temporal.workflow.start('listener', { workflowId: idOf(index), taskQueue: BASELINE_QUEUE });
    });
  }
  bench.say('reporting them to their organization');
  for (let first = 0; first < WORKSPACES; first += REPORTS_IN_ONE) {
    const reports = Array.from({ length: REPORTS_IN_ONE }, (_, offset) => reportOf(first + offset));
    await handle.signal('usageReported', { reports });
  }
  const usage = () => client.organization(ORGANIZATION).usage();
  const countRunning = async () => Object.values((await usage()).owners).reduce((sum, { running }) => sum + running, 0);
  await until('all are counted', async () => (await countRunning().catch(() => 0)) === WORKSPACES, { pauseMs: 200 });

  bench.say('sending reports, one after the other');
  const reports: number[] = [];
  for (let round = 0; round < REPORTS; round += 1) {
    reports.push(
      await timed(async () => {
        await handle.signal('usageReported', reportOf(round));
        await client.organization(ORGANIZATION).policy();
      }),
    );
  }
  const looks: number[] = [];
  for (let round = 0; round < LOOKS; round += 1) looks.push(await timed(() => usage()));

  bench.say('changing the policy');
  const done = async () => (await temporal.workflow.count("WorkflowType='listener' AND ExecutionStatus='Completed'")).count;
  const untilDone = (count: number) =>
    until('all have it', async () => (await done()) === count, { pauseMs: COUNT_PAUSE_MS, patienceMs: 600_000 });
  const reached = await timed(async () => {
    await client.organization(ORGANIZATION).setPolicy({ retention: '9d' });
    await untilDone(WORKSPACES);
  });
  bench.say('sending bare signals');
  const bare = await timed(async () => {
    await inLanes(WORKSPACES, LANES_OF_PUSH, (index) => temporal.workflow.getHandle(bareIdOf(index)).signal('policyChanged', {}));
    await untilDone(2 * WORKSPACES);
  });
  return [
    line('a change of the policy reaches all', `${(reached / 1_000).toFixed(1)} s`),
    line('of them a second', (WORKSPACES / (reached / 1_000)).toFixed(0)),
    line('as many bare signals', `${(bare / 1_000).toFixed(1)} s`),
    line('ratio', (reached / bare).toFixed(2)),
    line('a report, and a query answered after it', spread(reports, ' ms', 1)),
    line('usage of all owners', spread(looks, ' ms', 1)),
  ];
}

function reportOf(index: number) {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const use = { running: true, home: true, cpu: '1', memory: '2Gi', disk: '10Gi' };
  return { workspace: workflowIdOf(index), id, owner: ownerOf(index), sequence: Date.now(), policyAt: Date.now(), ...use };
}
