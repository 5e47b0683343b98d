/** An owner of as many workspaces as can be counted, on a real server: reservations, a hand-over, a push of settings, and a check. */
import { sendUpdate } from '../../../src/client/retry';
import type { ReserveInput } from '../../../src/contract/internal/ledger';
import { reserveUpdate } from '../../../src/contract/messages';
import type { OwnerUsage } from '../../../src/contract/payloads';
import { MAX_ENTRIES } from '../../../src/workflows/owner/rules/entries';
import { inLanes } from '../../bench/lanes';
import { until } from '../../support/until';
import { type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

const OWNER = 'a'.repeat(40);
const WORKFLOW = `owner/default/${OWNER}`;
/** They are asked last by a push, which begins at the end. */
const REAL = ['dev', 'test', 'docs'];
const BATCH = 100;
/** A busy machine describes some dozen workspaces in a second. */
const PATIENCE_MS = 600_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const ownerWorkflow = () => stack.client.temporal.workflow.getHandle(WORKFLOW);
const usage = async (): Promise<OwnerUsage> => (await stack.client.owner('default', OWNER).status()).usage;
/** Reserves for workspaces of the longest names, whose workflows do not exist. */
async function reserveFor(count: number): Promise<void> {
  const quota = { runningPerOwner: 9_000, cpuPerOwner: null, memoryPerOwner: null, homesPerOwner: null, diskPerOwner: null };
  const resources = { cpu: '1', memory: '2Gi', disk: '10Gi' };
  await inLanes(Math.ceil(count / BATCH), 4, async (batch) => {
    const requests = Array.from({ length: Math.min(BATCH, count - batch * BATCH) }, (_, index) => {
      const number = String(batch * BATCH + index);
      return { name: number.padStart(40, 'n'), id: number.padStart(63, 'i'), bornAt: Date.now(), build: 1, resources };
    });
    const args: [ReserveInput] = [{ requests, quota, policyAt: 1 }];
    const send = (updateId: string) => ownerWorkflow().executeUpdate(reserveUpdate, { args, updateId });
    const { answers } = await sendUpdate(WORKFLOW, send);
    expect(answers.filter(({ outcome }) => outcome !== 'granted')).toEqual([]);
  });
}

test(
  'An owner of as many workspaces as can be counted hands over, sends its settings to all, and is checked.',
  async () => {
    const real = await Promise.all(REAL.map((name) => stack.client.create({ owner: OWNER, name, image: 'starter:1' })));
    for (const workspace of real) await untilState(workspace, 'running');
    await reserveFor(MAX_ENTRIES - REAL.length);
    expect(await usage()).toMatchObject({ running: MAX_ENTRIES, homes: MAX_ENTRIES, cpu: String(MAX_ENTRIES) });

    const { runId } = await ownerWorkflow().describe();
    await ownerWorkflow().cancel();
    await until('the next run has begun', async () => (await ownerWorkflow().describe()).runId !== runId);
    expect(await usage()).toMatchObject({ running: MAX_ENTRIES, homes: MAX_ENTRIES });

    await stack.client.owner('default', OWNER).configure({ autoStart: { time: '08:30', timeZone: 'Europe/Berlin' } });
    for (const workspace of real)
      await until('the settings arrive', async () => (await workspace.status()).autoStart?.time === '08:30');

    // Asks for a check, as the hour does.
    const ended = { workspace: `workspace/${OWNER}/gone`, id: 'unknown', home: false };
    await ownerWorkflow().signal('workspaceEnded', ended);
    await until('only what exists is counted', async () => (await usage()).running === REAL.length, {
      patienceMs: PATIENCE_MS,
      pauseMs: 500,
    });
    expect(await usage()).toEqual({ running: 3, homes: 3, cpu: '3', memory: '6Gi', disk: '30Gi' });
    expect(await taskFailures(stack, WORKFLOW)).toEqual([]);
  },
  2 * PATIENCE_MS,
);
