/** Oversized results of image, hooks, and cluster, through many rebuilds and hand-overs: the state stays small. */
import { RuntimeFailure } from '../../../src/runtimes/failure';
import { until } from '../../support/until';
import { type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

const LIMIT_BYTES = 200 * 1024;
const REBUILDS = 12;
const NAME = 'flooded';
let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

test('Through twelve rebuilds with 900 warnings of each hook, long failures, and hand-overs the state stays small.', async () => {
  const report = Array.from({ length: 900 }, (_, index) => `report warning: ${index} ${'語"\u0007'.repeat(300)}\n`).join('');
  const stdout = `state ended\nexit 3\nran 5\n${report}output\n${`${'ж'.repeat(600)}\n`.repeat(100)}`;
  stack.overrides.exec = () => ({ exitCode: 0, stdout, stderr: 'x'.repeat(250_000) });
  // Every second build fails permanently, every other one temporarily at first.
  stack.overrides.fail = (verb, call) => {
    if (verb !== 'startPod') return undefined;
    const text = `uid ${'0'.repeat(250_000)}`;
    if (call % 3 === 1) return new RuntimeFailure('RuntimeUnavailable', text, { cause: new Error(text), details: { text } });
    return call % 3 === 0 ? new RuntimeFailure('ImageInvalid', text, { details: { text } }) : undefined;
  };
  const workspace = await stack.client.create({
    owner: 'ada',
    name: NAME,
    image: 'starter:1',
    ...({ continueAsNewAfterEvents: 200 } as object),
  });
  for (let number = 1; number <= REBUILDS; number += 1) {
    const build = await workspace.waitForBuild(number);
    expect(build.warnings.length).toBeLessThanOrEqual(20);
    const messages = [...build.warnings, ...build.steps.map(({ message }) => message ?? ''), build.failure?.message ?? ''];
    expect(messages.filter((message) => message.length > 500)).toEqual([]);
    await workspace.rebuild({ by: 'ada', reason: 'it is to go on' });
  }
  await until('the last build has ended', async () => (await workspace.status()).build?.endedAt);
  await workspace.stop();
  await untilState(workspace, 'off');
  const inputs = await inputBytes();
  expect(inputs.length).toBeGreaterThan(2);
  expect(Math.max(...inputs)).toBeLessThan(LIMIT_BYTES);
  expect((await taskFailures(stack, `workspace/ada/${NAME}`)).filter((failure) => !/UnhandledCommand/.test(failure))).toEqual([]);
});

/** The size of each run's input, which includes the handed-over state. */
async function inputBytes(): Promise<number[]> {
  const sizes: number[] = [];
  const { workflow } = stack.client.temporal;
  for await (const { runId } of workflow.list({ query: `WorkflowId='workspace/ada/${NAME}'` })) {
    const { events } = await workflow.getHandle(`workspace/ada/${NAME}`, runId).fetchHistory();
    const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    sizes.push(input?.data?.length ?? 0);
  }
  return sizes;
}
