/** What goes first where care has fewer slots than there is to do, as the server is told. */
import { TASK_QUEUE } from '../../src/workflows/messages';
import { type Stack, startStack, until, untilState } from './stack';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('time-skipping');
});
afterAll(() => stack?.close());

/** The priority of each activity that a workflow asked for, 3 being the server's default, and lower ones first. */
async function prioritiesOf(workflowId: string): Promise<Record<string, number>> {
  const { events } = await stack.client.temporal.workflow.getHandle(workflowId).fetchHistory();
  const asked = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes).filter((found) => found != null);
  return Object.fromEntries(asked.map(({ activityType, priority }) => [activityType?.name, priority?.priorityKey || 3]));
}

test('The last look and the stop go before hooks, which hold a slot for minutes, and so does the watch.', async () => {
  const workspace = await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' });
  await untilState(workspace, 'running');
  // Longer than the organization's threshold.
  await stack.env.sleep('3h');
  await untilState(workspace, 'off');
  expect(await prioritiesOf('workspace/ada/dev')).toMatchObject({ lastLook: 1, stopPod: 1, runHookStep: 3 });
  const watch = { workflowId: 'watch/memory', taskQueue: TASK_QUEUE, args: [{ runtime: 'memory' }] };
  await stack.client.temporal.workflow.start('watch', watch);
  await until('the watch has begun', async () => (await prioritiesOf('watch/memory')).watch);
  expect(await prioritiesOf('watch/memory')).toEqual({ watch: 1 });
});
