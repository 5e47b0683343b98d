/** The plan of the next start: computed immediately, refused for an unknown zone, and blocking nothing when it fails. */
import type { WorkflowFailedError } from '@temporalio/client';
import { parseAutoStart } from '../../../src/cli/input/arguments';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import {
  clearOverrides,
  createGate,
  type Stack,
  startStack,
  taskFailures,
  untilState,
} from '../../support/workflows/temporal-env';

const BERLIN = { time: '08:30', timeZone: 'Europe/Berlin' };
let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterEach(() => clearOverrides(stack));
/** A worker waits for its local activities before it ends. */
const end = createGate();
const hang = () => end.opened.then(() => Promise.reject(new Error('the test is over')));
afterAll(() => {
  end.open();
  return stack?.close();
});

const create = (name: string, more: object = {}) => stack.client.create({ owner: 'ada', name, image: 'starter:1', ...more });

test.each(['off', 'running', 'building'] as const)(
  'In %s configure answers with the next start already planned.',
  async (state) => {
    const gate = createGate();
    if (state === 'building') stack.overrides.hold = (verb) => (verb === 'startPod' ? gate.opened : undefined);
    const workspace = await create(`planned-${state}`);
    if (state !== 'building') await untilState(workspace, 'running');
    if (state === 'off') await workspace.stop();
    await untilState(workspace, state);
    const { autoStart } = await workspace.configure({ autoStart: BERLIN });
    expect(autoStart).toMatchObject({ ...BERLIN, blockedBecause: null });
    expect(Date.parse(autoStart?.at ?? '')).toBeGreaterThan(Date.now());
    const later = await workspace.configure({ autoStart: { ...BERLIN, time: '20:30' } });
    expect(later.autoStart?.at).not.toBe(autoStart?.at);
    expect((await workspace.configure({ autoStart: null })).autoStart).toBeNull();
    gate.open();
    expect(await taskFailures(stack, `workspace/ada/planned-${state}`)).toEqual([]);
  },
);

test.each([
  ['fails', () => Promise.reject(new Error('the library is broken'))],
  ['hangs', hang],
] as const)(
  'A plan that %s delays nothing: requests are answered and carried out, and the status says why there is no plan.',
  async (how, plan) => {
    const workspace = await create(`plan-${how}`);
    await untilState(workspace, 'running');
    stack.overrides.nextOccurrence = plan;
    const askedAt = Date.now();
    const { autoStart } = await workspace.configure({ autoStart: BERLIN });
    expect(autoStart).toMatchObject({ at: null, blockedBecause: expect.stringMatching(/^no start is planned: .* in time$/) });
    expect((await workspace.explain()).wouldChange.join()).toMatch(/no start is planned/);
    expect((await workspace.stop()).outcome).toBe('accepted');
    await untilState(workspace, 'off');
    expect(Date.now() - askedAt).toBeLessThan(45_000);
    clearOverrides(stack);
    // It is retried by itself too; a changed schedule is planned immediately.
    expect((await workspace.configure({ autoStart: { ...BERLIN, time: '09:00' } })).autoStart?.at).not.toBeNull();
  },
);

test('A plan is abandoned when the schedule changes: the answer has the plan of the last schedule.', async () => {
  const workspace = await create('changed');
  await untilState(workspace, 'running');
  let calls = 0;
  stack.overrides.nextOccurrence = () => {
    calls += 1;
    return calls === 1 ? hang() : undefined;
  };
  const first = workspace.configure({ autoStart: BERLIN });
  await until('the first plan is under way', () => calls === 1);
  const second = workspace.configure({ autoStart: { ...BERLIN, time: '20:30' } });
  expect((await second).autoStart).toMatchObject({ time: '20:30', at: expect.stringMatching(/:30:00/) });
  expect((await first).autoStart?.time).toBeDefined();
});

test('A zone that cannot be computed with is refused by command, update, creation, and policy.', async () => {
  for (const timeZone of ['IST', 'PST', 'cst', 'Mars/Olympus', '+02:00']) {
    const refused = { type: 'InvalidRequest', message: expect.stringMatching(/autoStart.timeZone: expected .*IANA/) };
    expect(() => parseAutoStart(`08:30 ${timeZone}`)).toThrow(/Expected "HH:MM ZONE"/);
    const name = `refused-${timeZone.length}-${timeZone.toLowerCase().replace(/[^a-z0-9]/g, '')}`;
    const made = await create(name, { autoStart: { time: '08:30', timeZone } });
    const end = await handleOf(made)
      .result()
      .catch((error: unknown) => error);
    expect((end as WorkflowFailedError).cause).toMatchObject(refused);
    await expect(stack.client.organization('default').setPolicy({ autoStart: { timeZone } })).rejects.toMatchObject(refused);
    const organization = stack.client.organization(name);
    await organization
      .create({ policy: { autoStart: { timeZone } } })
      .catch((error: unknown) => expect(error).toMatchObject(refused));
    const ended = stack.client.temporal.workflow.getHandle(`organization/${name}`).result();
    expect(((await ended.catch((error: unknown) => error)) as WorkflowFailedError).cause).toMatchObject(refused);
    const workspace = await create(`whole-${name}`);
    await untilState(workspace, 'running');
    await expect(workspace.configure({ autoStart: { time: '08:30', timeZone } })).rejects.toMatchObject(refused);
    expect((await workspace.status()).autoStart).toBeNull();
  }
});

test('An unknown zone that an organization already has does not block a change of its other fields.', async () => {
  stack.overrides.checkTimeZone = async () => undefined;
  const organization = stack.client.organization('from-before');
  await organization.create({ policy: { autoStart: { timeZone: 'IST' } } });
  const whole = await organization.setPolicy({ retention: '3d' });
  expect(whole).toMatchObject({ version: 2, retention: '3d', autoStart: { timeZone: 'IST' } });
  expect(await organization.setPolicy({ ...whole, retention: '4d' })).toMatchObject({ version: 3, retention: '4d' });
  const other = organization.setPolicy({ autoStart: { timeZone: 'PST' } });
  await expect(other).rejects.toMatchObject({ type: 'InvalidRequest' });
  expect(await organization.setPolicy({ autoStart: { timeZone: 'Asia/Kolkata' } })).toMatchObject({ version: 4 });
});

function handleOf({ workspace }: WorkspaceHandle) {
  return stack.client.temporal.workflow.getHandle(`workspace/${workspace}`);
}
