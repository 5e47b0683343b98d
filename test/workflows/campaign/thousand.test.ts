/**
 * A thousand workspaces through a change of policy and campaigns, on a real server with the memory runtime. The worker of workflows and
 * short activities is a process of its own, which is killed meanwhile. The tests are one story, in order.
 */
import type { PolicyPreview } from '../../../src/cli/output/policy-effects';
import { type CampaignHandle, RequestFailure } from '../../../src/client';
import type { CampaignInput, CampaignProgress, CampaignWorkspace } from '../../../src/contract/campaign';
import { campaignWorkflowId, TASK_QUEUE } from '../../../src/contract/names';
import type { StatusView } from '../../../src/contract/payloads';
import { anyImage } from '../../../src/runtimes/memory';
import { inLanes } from '../../bench/lanes';
import { run } from '../../support/cli/command-line';
import { until } from '../../support/until';
import { peakOf } from '../../support/workflows/campaign-env';
import { type KilledWorker, startKilledWorker } from '../../support/workflows/killed-worker';
import { type Stack, startStack, taskFailures } from '../../support/workflows/temporal-env';

const ORGANIZATION = 'fleet';
const RUNNING = 1_000;
const OFF = 20;
const IN_USE = 10;
/** Each reserves what its build needs at its owner's workflow. */
const OF_ONE_OWNER = 10;
const AT_ONCE = 20;
const LANES = 20;
const PATIENCE_MS = 1_800_000;
const MINUTE_MS = 60_000;
/** Of the real campaign: the shares of rebuilds that are done when the worker is killed. */
const KILLS = [0.1, 0.4, 0.7];
/** Listed, but its files belong to another user than those of the homes. */
const BROKEN = 'starter:3';
const CHANGE = {
  autoOff: { after: '90m' },
  images: [{ name: 'starter', defaultTag: '2', tags: { 1: 'deprecated', 2: 'available', 3: 'available' } }],
};

/** By name: the first is the canary, the last are off. */
const all = Array.from({ length: RUNNING + OFF }, (_, index) => {
  const owner = `o${String(Math.floor(index / OF_ONE_OWNER)).padStart(3, '0')}`;
  return `${owner}/w${index % OF_ONE_OWNER}`;
});
const [canary = ''] = all;
const running = all.slice(0, RUNNING);
const off = all.slice(RUNNING);
const inUse = running.slice(-IN_USE);

let stack: Stack;
let worker: KilledWorker;
/** Before the campaigns, under the new policy. */
let known: StatusView[];
beforeAll(async () => {
  stack = await startStack('dev');
  stack.overrides.image = (reference) => ({ ...anyImage(reference), uid: reference === BROKEN ? 2_000 : 1_000 });
  await stack.stopWorkers();
  await stack.startWorkers(TASK_QUEUE);
  worker = await startKilledWorker(stack.server?.address ?? '');
  await stack.client.organization(ORGANIZATION).create();
  const podsMade = () => stack.runtime.calls.filter((verb) => verb === 'startPod').length;
  for (const [index, workspace] of all.entries()) {
    await until('builds go on', () => podsMade() > index - 2 * AT_ONCE, { patienceMs: PATIENCE_MS });
    const [owner = '', name = ''] = workspace.split('/');
    await stack.client.create({ owner, name, organization: ORGANIZATION, image: 'starter:1' });
  }
  await untilListed("State='running'", all.length);
  await inLanes(OFF, LANES, (index) => handleOf(off[index] ?? '').stop());
  await untilListed("State='off'", OFF);
}, PATIENCE_MS);
afterAll(async () => {
  await worker?.end();
  await stack?.close();
});

function handleOf(workspace: string) {
  const [owner = '', name = ''] = workspace.split('/');
  return stack.client.workspace(owner, name);
}

/** Asks the server only, so that no query waits for a killed worker. */
function untilListed(clause: string, count: number): Promise<boolean> {
  const query = `WorkflowType='workspace' AND ExecutionStatus='Running' AND Organization='${ORGANIZATION}' AND ${clause}`;
  const isThere = async () => (await stack.client.temporal.workflow.count(query)).count >= count;
  return until(`${count} workspaces have ${clause}`, isThere, { patienceMs: PATIENCE_MS, pauseMs: 500 });
}

/** The answers of all workspaces, by name, each when it is ready. */
async function statuses(isReady: (status: StatusView) => boolean = () => true): Promise<StatusView[]> {
  const answers: StatusView[] = [];
  await inLanes(all.length, LANES, async (index) => {
    const workspace = handleOf(all[index] ?? '');
    answers[index] = await until(
      `${workspace.workspace} is ready`,
      async () => {
        const status = await orNull(workspace.status());
        return status !== null && isReady(status) && status;
      },
      { patienceMs: PATIENCE_MS, pauseMs: 200 },
    );
  });
  return answers;
}

/** Null where the worker did not answer: on a busy machine a thousand workspaces keep it busy for a while after a kill. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch((error: unknown) => {
    if (error instanceof RequestFailure && error.type === 'Unavailable') return null;
    throw error;
  });
}

function endOf(campaign: CampaignHandle): Promise<CampaignProgress> {
  return until(`${campaign.campaign} has ended`, () => orNull(campaign.waitForEnd()), { patienceMs: PATIENCE_MS });
}

async function startCampaign(id: string, input: Partial<CampaignInput>): Promise<CampaignHandle> {
  const campaign = stack.client.campaign(ORGANIZATION, id);
  await campaign.start({ by: 'root', reason: 'a patch', atOnce: AT_ONCE, maxFailures: 50, patience: '5s', ...input });
  return campaign;
}

const verdictsOf = (workspaces: CampaignWorkspace[]) => workspaces.map(({ workspace, verdict }) => [workspace, verdict]);

test(
  'Before a policy changes, its preview says for each workspace what then happens.',
  async () => {
    const args = ['org', 'preview', ORGANIZATION, '--policy', JSON.stringify(CHANGE), '--json'];
    const { code, out } = await run(args, { client: stack.client, now: Date.now });
    expect(code).toBe(0);
    const preview = JSON.parse(out) as PolicyPreview;
    expect(preview).toMatchObject({ unchanged: 0, unknown: [] });
    expect(preview.workspaces.map(({ workspace }) => workspace)).toEqual(all);

    await stack.client.organization(ORGANIZATION).setPolicy(CHANGE);
    known = await statuses(({ state, policyVersion }) => state === 'off' || policyVersion === 2);
    for (const [index, { workspace, changes }] of preview.workspaces.entries()) {
      const said = Object.fromEntries(changes.map(({ what, after }) => [what, after]));
      const { state, autoOff, rebuildRequired } = known[index] as StatusView;
      if (state === 'off') {
        // It reads the policy when it is started.
        expect([workspace, Object.keys(said), rebuildRequired]).toEqual([workspace, ['autoOff'], null]);
        continue;
      }
      expect([workspace, Object.keys(said).sort()]).toEqual([workspace, ['autoOff', 'rebuildRequired', 'stop']]);
      expect([workspace, `${autoOff.after} (${autoOff.source})`, rebuildRequired]).toEqual([
        workspace,
        said.autoOff,
        said.rebuildRequired,
      ]);
      expect(rebuildRequired).toContain('starter:1');
      expect(Math.abs(Date.parse(autoOff.at ?? '') - Date.parse(said.stop ?? ''))).toBeLessThan(MINUTE_MS);
    }
  },
  PATIENCE_MS,
);

test(
  'A campaign with a broken image ends at the canary, with a whole report, and leaves the rest untouched.',
  async () => {
    const dry = await startCampaign('broken-check', { image: BROKEN, dryRun: true });
    expect(await endOf(dry)).toMatchObject({ state: 'done', verdicts: { rebuild: RUNNING, mark: OFF, wait: 0, skip: 0 } });
    const campaign = await startCampaign('broken', { image: BROKEN });
    expect(await endOf(campaign)).toMatchObject({
      state: 'stopped',
      because: 'a canary failed',
      total: all.length,
      done: 0,
      failed: 1,
      marked: 0,
      inconclusive: 0,
      pending: all.length - 1,
      failures: [{ workspace: canary, reason: expect.stringContaining('ImageInvalid') }],
    });
    const report = await campaign.workspaces();
    expect(report.map(({ workspace, state }) => [workspace, state])).toEqual(
      all.map((workspace) => [workspace, workspace === canary ? 'failed' : 'pending']),
    );
    const [failed, ...untouched] = await statuses();
    expect(failed).toMatchObject({ state: 'error', build: { number: 2, failure: { type: 'ImageInvalid' } } });
    const touchable = ({ state, build, image, rebuildRequired }: StatusView) => ({ state, build, image, rebuildRequired });
    expect(untouched.map(touchable)).toEqual(known.slice(1).map(touchable));
    await handleOf(canary).rebuild({ image: 'starter:1', by: 'root' });
    await untilListed("State='running'", RUNNING);
  },
  PATIENCE_MS,
);

test(
  'A campaign whose worker is killed rebuilds each workspace once, never more at once than allowed, and reports what its dry run said.',
  async () => {
    for (const workspace of inUse) await handleOf(workspace).ping({ via: 'ssh' });
    const dry = await startCampaign('check', { image: 'starter:2', dryRun: true });
    expect(await endOf(dry)).toMatchObject({
      state: 'done',
      verdicts: { rebuild: RUNNING - IN_USE, mark: OFF, wait: IN_USE, skip: 0 },
    });
    const campaign = await startCampaign('patch', { image: 'starter:2' });
    for (const share of KILLS) {
      await untilListed("Image='starter:2' AND State='running'", share * RUNNING);
      await worker.killAndRestart();
    }
    expect(await endOf(campaign)).toMatchObject({
      state: 'done',
      total: all.length,
      done: RUNNING,
      marked: OFF,
      failed: 0,
      skipped: 0,
      inconclusive: 0,
      pending: 0,
    });
    const [planned, report] = [await dry.workspaces(), await campaign.workspaces()];
    expect(verdictsOf(report)).toEqual(verdictsOf(planned));
    const ends = { rebuild: 'done', wait: 'done', mark: 'marked', skip: 'skipped' };
    expect(report.map(({ state }) => state)).toEqual(planned.map(({ verdict }) => verdict && ends[verdict]));
    const answers = await statuses();
    expectRebuiltOnce(answers);
    expect(peakOf(answers.slice(0, RUNNING))).toBeLessThanOrEqual(AT_ONCE);
    expect(await taskFailures(stack, campaignWorkflowId(ORGANIZATION, 'patch'))).toEqual([]);
  },
  PATIENCE_MS,
);

function expectRebuiltOnce(answers: StatusView[]): void {
  for (const { workspace, state, build, image, rebuildRequired } of answers) {
    const isMarked = off.includes(workspace);
    const before = workspace === canary ? 3 : 1;
    const wanted = isMarked ? expect.stringContaining(`campaign ${ORGANIZATION}/patch (by root)`) : null;
    expect([workspace, state, build?.number, image.reference, rebuildRequired]).toEqual([
      workspace,
      isMarked ? 'off' : 'running',
      isMarked ? 1 : before + 1,
      'starter:2',
      wanted,
    ]);
  }
}
