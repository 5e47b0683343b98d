/** What the builds of many workspaces cost without a cluster: on a runtime in memory, the time of Temporal's server and our workers. */

import { until } from '../../support/until';
import { inLanes } from '../lanes';
import { closeMemoryBenchEnv, createOrganization, memoryBenchEnv } from '../memory-bench-env';
import type { Bench } from '../report';
import { countIn } from './mass-fleet';

const COUNT = 100;
const ORGANIZATION = 'engine';

/** Builds in a second, of a hundred that are requested at once, with one call at a time for each lane. */
export async function measureEngine(bench: Bench, lanes: number): Promise<number> {
  const env = await memoryBenchEnv(bench);
  await createOrganization(bench, ORGANIZATION, {});
  const startedAt = Date.now();
  await inLanes(COUNT, lanes, async (index) => {
    await env.client.create({ owner: 'fleet', name: `e${index}`, image: 'starter:1', organization: ORGANIZATION });
  });
  await until('they run', async () => (await countIn(env, ORGANIZATION, 'running')) === COUNT, { pauseMs: 200 });
  const perSecond = (COUNT / (Date.now() - startedAt)) * 1_000;
  await closeMemoryBenchEnv();
  return perSecond;
}
