/**
 * How long a campaign takes, against the same rebuilds asked for one by one, as many at once. On the memory runtime a build does
 * nothing but pass through the workflow's steps, so what is compared is the cost of the lifecycle itself.
 */
import type { WorkspaceHandle } from '../../src/client';
import { until } from '../support/until';
import { inLanes } from './lanes';
import { createOrganization, memoryBenchEnv } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, timed } from './report';
import { sized } from './size';

const WORKSPACES = sized(1_000, 10);
const AT_ONCE = sized(20, 5);
const ORGANIZATION = 'campaigning';
/** Workspaces of one owner, since each reserves what it needs at its owner's workflow. */
const OF_ONE_OWNER = 10;
const POLL_MS = 200;

export const campaign: Measurement = {
  name: 'campaign',
  title: `A campaign over ${WORKSPACES.toLocaleString('en')} workspaces, ${AT_ONCE} at once`,
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const { client } = await memoryBenchEnv(bench);
  await createOrganization(bench, ORGANIZATION, {});
  bench.say(`creating ${WORKSPACES} workspaces`);
  const made: WorkspaceHandle[] = [];
  await inLanes(WORKSPACES, AT_ONCE, async (index) => {
    const owner = `campaigner-${Math.floor(index / OF_ONE_OWNER)}`;
    const workspace = await client.create({ owner, name: `w${index}`, image: 'starter:1', organization: ORGANIZATION });
    made.push(workspace);
    await workspace.waitForBuild(1);
    if (made.length % 100 === 0) bench.say(`${made.length} of ${WORKSPACES} are running`);
  });
  const isListed = async () => (await client.list({ organization: ORGANIZATION, state: 'running' })).length === WORKSPACES;
  await until('all are listed', isListed, { pauseMs: POLL_MS });
  bench.say('rebuilding each, without a campaign');
  const single = await timed(() =>
    inLanes(WORKSPACES, AT_ONCE, async (index) => {
      const { build } = (await made[index]?.rebuild({ by: 'bench' })) ?? {};
      if (build) await made[index]?.waitForBuild(build);
    }),
  );
  bench.say('running the campaign');
  const handle = client.campaign(ORGANIZATION, 'measured');
  const input = { by: 'bench', reason: 'benchmark', atOnce: AT_ONCE, maxFailures: 1 };
  const whole = await timed(async () => {
    await handle.start(input);
    const { state, done } = await handle.waitForEnd();
    if (state !== 'done' || done !== WORKSPACES)
      throw new Error(`campaign: expected ${WORKSPACES} rebuilds, got ${done} (${state})`);
  });
  bench.say('asking each when it was rebuilt');
  const atOnce = await peakOf(made);
  return [
    line('the campaign', `${(whole / 1_000).toFixed(1)} s`),
    line('the same rebuilds one by one, as many at once', `${(single / 1_000).toFixed(1)} s`),
    line('ratio', (whole / single).toFixed(2)),
    line('builds at once, by the records of the workspaces', `at most ${atOnce}`, {
      text: `at most ${AT_ONCE}`,
      holds: atOnce <= AT_ONCE,
    }),
  ];
}

/** The most newest builds that overlap. */
async function peakOf(workspaces: WorkspaceHandle[]): Promise<number> {
  const edges: { at: number; change: number }[] = [];
  await inLanes(workspaces.length, AT_ONCE, async (index) => {
    const { build } = (await workspaces[index]?.status()) ?? {};
    if (build?.cause !== 'forced-rebuild' || build.endedAt === null)
      throw new Error('a workspace was not rebuilt by the campaign');
    edges.push({ at: Date.parse(build.startedAt), change: 1 }, { at: Date.parse(build.endedAt), change: -1 });
  });
  let now = 0;
  return Math.max(...edges.sort((a, b) => a.at - b.at || a.change - b.change).map(({ change }) => (now += change)));
}
