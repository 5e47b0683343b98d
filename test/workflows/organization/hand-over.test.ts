/** A large organization that is handed over while much comes: nothing is left behind. */
import { Context } from '@temporalio/activity';
import { type Stack, startStack, until } from '../../support/workflows/temporal-env';

/** More than an organization keeps itself, so that this owner's are given away. */
const MANY = 2_600;
/** More than may wait for being passed on where a run is handed over. */
const TOO_MANY = 3_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

const handle = () => stack.client.temporal.workflow.getHandle('organization/busy');
const usageOf = async (owner: string) => (await stack.client.organization('busy').usage()).owners[owner];

async function report(owner: string, { from = 0, count = 1, policyAt = Number.MAX_SAFE_INTEGER }): Promise<void> {
  const use = { running: true, home: true, cpu: '1', memory: '2Gi', disk: '10Gi' };
  const reports = Array.from({ length: count }, (_, index) => {
    const name = `w${from + index}`;
    return { workspace: `workspace/${owner}/${name}`, id: name, sequence: Date.now(), owner, policyAt, ...use };
  });
  await handle().signal('usageReported', { reports });
}

test('What comes for a part while the last push of a run ends is passed on, however much it is.', async () => {
  await stack.client.organization('busy').create();
  await report('big', { count: MANY });
  await until('the part has them', async () => (await usageOf('big'))?.running === MANY);

  let [isPushing, isHeld] = [false, true];
  stack.overrides.pushPolicy = async () => {
    isPushing = true;
    while (isHeld) {
      Context.current().heartbeat();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await report('small', { policyAt: 0 });
  await until('a push is under way', () => isPushing);
  const { runId } = await handle().describe();
  await handle().cancel();
  await report('big', { from: MANY, count: TOO_MANY / 2 });
  await report('big', { from: MANY + TOO_MANY / 2, count: TOO_MANY / 2 });
  await usageOf('small');
  isHeld = false;

  await until('the part has all', async () => (await usageOf('big'))?.running === MANY + TOO_MANY);
  await until('it was handed over', async () => (await handle().describe()).runId !== runId);
  expect(await usageOf('small')).toMatchObject({ running: 1, homes: 1 });
}, 180_000);
