/** Hooks that end at once, on a real server, where the runtime has sessions: they run in the activity of `inject-secrets`. */
import { until } from '../../support/until';
import { createGate, NO_HOOK, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev', { withSecrets: true });
  const { runtime } = stack;
  runtime.openSession = async (pod) => ({
    exec: (command, signal) => runtime.exec(pod, command, signal),
    close: () => undefined,
  });
});
afterEach(() => {
  stack.overrides.exec = () => NO_HOOK;
});
afterAll(() => stack?.close());

const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
const ENDED = 'state ended\nexit 0\nran 1\nreport did: it ran\n';

async function activitiesOf(name: string): Promise<string[]> {
  const { events } = await stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`).fetchHistory();
  const names = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? '') ?? [];
  return names.slice(names.lastIndexOf('admit')).filter((activity) => activity !== '');
}

test('Both hooks end with the injection, without an activity of their own, and each step has its times and its lines.', async () => {
  stack.overrides.exec = (_pod, { argv }) => answer(argv[3] === 'configure' ? `${ENDED}output 4\nmine\n` : ENDED);
  const workspace = await stack.client.create({ owner: 'ada', name: 'quick', image: 'starter:1', by: 'ada' });
  await untilState(workspace, 'running');
  const steps = (await workspace.build()).steps.slice(-3);
  expect(steps).toMatchObject([
    { name: 'inject-secrets', state: 'done' },
    { name: 'configure', state: 'done', message: 'it ran', attempt: 1, lastLines: ['mine'] },
    { name: 'personalize', state: 'done', message: 'it ran', attempt: 1, lastLines: [] },
  ]);
  const times = steps.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
  expect(times).not.toContain(null);
  expect(times).toEqual([...times].sort());
  expect(await activitiesOf('quick')).toEqual(['admit', 'prepareHome', 'startPod', 'injectSecrets']);
  expect(await taskFailures(stack, 'workspace/ada/quick')).toEqual([]);
});

test('A hook that goes on is shown as running, by the activity of its own step, and so is the next one.', async () => {
  const gate = createGate();
  stack.overrides.exec = async (_pod, { argv }) => {
    if (argv[3] !== 'configure') return answer(ENDED);
    // Only the first poll waits as briefly.
    if (argv[7] === 'new' && argv[6] === '100') return answer('state running\nran 100\n');
    await gate.opened;
    return answer(`${ENDED}output 5\nslow\n`);
  };
  const workspace = await stack.client.create({ owner: 'ada', name: 'slow', image: 'starter:1', by: 'ada' });
  await until('configure is shown as running', async () => {
    const { build } = await workspace.status();
    return build?.steps.find(({ name }) => name === 'configure')?.state === 'running';
  });
  gate.open();
  await untilState(workspace, 'running');
  expect((await workspace.build()).steps.slice(-2)).toMatchObject([{ state: 'done', lastLines: ['slow'] }, { state: 'done' }]);
  expect((await activitiesOf('slow')).slice(-3)).toEqual(['injectSecrets', 'runHookStep', 'runHookStep']);
});
