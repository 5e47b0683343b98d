/** A query that waits for a worker while something else comes: what the guard keeps from the workflow, and what callers see of it. */
import { Worker } from '@temporalio/worker';
import { isToAskAgain } from '../../../src/contract/messages';
import { isBetweenTasks, type Position } from '../../../src/workflows/sdk/query-guard';
import { sharedBundle } from '../../support/workflows/shared-bundle';
import { payloadConverterPath, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

/** Many attempts, since a query and a ping may also reach the server in the other order. */
const NAMES = Array.from({ length: 6 }, (_, index) => `asked-${index}`);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

test('an access that came without a worker counts from when it came, also where a query waited for that worker too', async () => {
  const workspaces = await Promise.all(NAMES.map((name) => stack.client.create({ owner: 'ada', name, image: 'starter:1' })));
  await Promise.all(workspaces.map((workspace) => untilState(workspace, 'running')));
  await stack.stopWorkers();
  const raw = NAMES.map((name) =>
    handleOf(name)
      .query('status')
      .then(notRefused, (error: unknown) => error),
  );
  const asked = workspaces.map((workspace) => workspace.status());
  await Promise.all(NAMES.map((name) => handleOf(name).describe()));
  const pingedAt = Date.now();
  await Promise.all(workspaces.map((workspace) => workspace.ping({ via: 'ssh' })));
  await stack.startWorkers();

  for (const { state } of await Promise.all(asked)) expect(state).toBe('running');
  for (const [index, workspace] of workspaces.entries()) {
    const { lastAccess } = (await workspace.status()).autoOff;
    expect(lastAccess?.via).toBe('ssh');
    // The server's clock is this machine's, which it reads in steps of its own.
    expect(Date.parse(lastAccess?.at ?? '')).toBeGreaterThan(pingedAt - 5);
    const name = NAMES[index] ?? '';
    expect(await taskFailures(stack, `workspace/ada/${name}`)).toEqual([]);
  }
  await expectReplay(NAMES);
  expect((await Promise.all(raw)).filter(isToAskAgain)).not.toEqual([]);
});

const BEFORE: Position = { length: 20, size: '4000', time: '100.5' };
test.each([
  ['the start of a task', { length: 24, size: '4600', time: '101.0' }, false],
  ['what comes within one, as the end of a local activity does', { ...BEFORE, time: '100.7' }, false],
  ['the start of one at the same moment, on skipped time', { ...BEFORE, length: 24, size: '4600' }, false],
  ['the start of a task on a server without history sizes', { ...BEFORE, length: 24, time: '101.0' }, false],
  ['an event without a start', { ...BEFORE, length: 23 }, true],
  ['an event after a task that was taken back', { ...BEFORE, length: 19 }, true],
])('Whether %s is refused', (_, now, isRefused) => {
  expect(isBetweenTasks(BEFORE, now)).toBe(isRefused);
});

const handleOf = (name: string) => stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`);

const notRefused = (): null => null;

async function expectReplay(names: string[]): Promise<void> {
  const histories = await Promise.all(
    names.map(async (name) => ({ workflowId: `workspace/ada/${name}`, history: await handleOf(name).fetchHistory() })),
  );
  const options = { workflowBundle: await sharedBundle(), dataConverter: { payloadConverterPath } };
  const errors: unknown[] = [];
  for await (const { error } of Worker.runReplayHistories(options, histories)) errors.push(error);
  expect(errors).toEqual(names.map(() => undefined));
}
