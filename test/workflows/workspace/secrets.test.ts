/** Secrets of a workspace on a real server, from a real store: how a change reaches a pod that runs, whatever else happens. */
import { changeSecrets } from '../../../src/client/secrets-changed';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import { flatten } from '../../support/canary/flatten';
import { until } from '../../support/until';
import type { StackSecrets } from '../../support/workflows/secrets-env';
import { createGate, NO_HOOK, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

const CANARY = 'canary-9d41c77be2f0';
const AWAY = new RuntimeFailure('RuntimeUnavailable', 'the store is away');
/** A change has to arrive within a minute; what it takes on a busy machine is far less. */
const ARRIVAL_MS = 60_000;

let stack: Stack;
let secrets: StackSecrets;
beforeAll(async () => {
  stack = await startStack('dev', { withSecrets: true });
  secrets = stack.secrets as StackSecrets;
});
afterEach(() => {
  secrets.beforeRead = null;
  stack.overrides.exec = () => NO_HOOK;
});
afterAll(() => stack?.close());

const handleOf = (name: string) => stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`);
const create = (name: string, more: object = {}) =>
  stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
const change = (name: string, value: string) =>
  changeSecrets(stack.client.temporal, { owner: 'ada' }, () => secrets.setVariable('ada', name, value));
const readsOf = (id: string, build: number) => secrets.given.filter(({ pod }) => pod.id === id && pod.build === build).length;

async function running(name: string, more: object = {}) {
  const workspace = await create(name, more);
  const { id } = await untilState(workspace, 'running');
  const untilGiven = (variable: string, value: string) =>
    until(`${name} has ${variable}`, () => secrets.variablesOf(id)[variable] === value, { patienceMs: ARRIVAL_MS });
  return { workspace, id, untilGiven };
}

test('A secret that is set reaches the pod that runs, and the status has its version and never its value.', async () => {
  const { workspace, untilGiven } = await running('reached');
  await change('NPM_TOKEN', `${CANARY}-1`);
  await untilGiven('NPM_TOKEN', `${CANARY}-1`);
  await change('NPM_TOKEN', `${CANARY}-2`);
  await untilGiven('NPM_TOKEN', `${CANARY}-2`);
  const expected = [{ name: 'NPM_TOKEN', scope: 'owner', version: 2 }];
  const status = await until('the status has it', async () => {
    const now = await workspace.status();
    return now.secrets[0]?.version === 2 && now;
  });
  expect(status).toMatchObject({ state: 'running', secrets: expected, sshKey: null, build: { number: 1 } });
  expect((await workspace.explain()).history).toHaveLength(2);
});

test("The policy's Git hosts bring the owner's key into the pods that run, and take it away again.", async () => {
  const organization = stack.client.organization('forge');
  await organization.create();
  const { workspace } = await running('forge', { organization: 'forge' });
  await organization.setPolicy({ git: [{ host: 'git.example.com', knownHosts: [] }] });
  await until('the pod has the key', async () => (await workspace.status()).sshKey?.startsWith('SHA256:'));
  await organization.setPolicy({ git: [] });
  await until('the pod has no key', async () => (await workspace.status()).sshKey === null);
});

test('While the store is away a refresh holds up neither a query, a ping, nor a stop, and the next build is given the change.', async () => {
  const { workspace, id } = await running('away');
  let reads = 0;
  secrets.beforeRead = ({ id: of }) => {
    if (of !== id) return;
    reads += 1;
    throw AWAY;
  };
  await change('AWAY', 'value-while-away');
  await until('the refresh is tried again', () => reads >= 2);
  await workspace.ping();
  expect(await workspace.stop()).toMatchObject({ outcome: 'accepted' });
  await untilState(workspace, 'off');
  secrets.beforeRead = null;
  expect((await workspace.status()).secrets).toEqual([]);
  await workspace.start();
  await untilState(workspace, 'running');
  expect(secrets.variablesOf(id)).toMatchObject({ AWAY: 'value-while-away' });
});

test('A store that is away while the auto-off falls due does not put it off.', async () => {
  await stack.client.organization('brief').create({ policy: { autoOff: { after: '1m' } } });
  const { workspace, id } = await running('brief', { organization: 'brief' });
  secrets.beforeRead = ({ id: of }) => {
    if (of === id) throw AWAY;
  };
  await change('BRIEF', 'value-in-vain');
  const { at } = (await workspace.status()).autoOff;
  const { since } = await untilState(workspace, 'off');
  expect(Date.parse(since) - Date.parse(at ?? '')).toBeLessThan(20_000);
});

test('A run that is full hands over in the middle of a refresh, and the next run refreshes.', async () => {
  const { workspace, id, untilGiven } = await running('handed-over', { continueAsNewAfterEvents: 120 });
  const gate = createGate();
  let reads = 0;
  secrets.beforeRead = ({ id: of }) => {
    if (of !== id) return undefined;
    reads += 1;
    return reads === 1 ? gate.opened : undefined;
  };
  const { runId } = await handleOf('handed-over').describe();
  await change('HANDED', 'value-across-runs');
  await until('the refresh began', () => reads === 1);
  await until('another run took over', async () => {
    await workspace.ping();
    return (await handleOf('handed-over').describe()).runId !== runId;
  });
  await untilGiven('HANDED', 'value-across-runs');
  gate.open();
  await until('the status has it', async () => (await workspace.status()).secrets.some(({ name }) => name === 'HANDED'));
});

test('After the worker died in the middle of a refresh another worker ends it.', async () => {
  const { id, untilGiven } = await running('worker-lost');
  const gate = createGate();
  let reads = 0;
  secrets.beforeRead = ({ id: of }) => {
    if (of !== id) return undefined;
    reads += 1;
    return reads === 1 ? gate.opened : undefined;
  };
  await change('LOST', 'value-after-a-loss');
  await until('the refresh began', () => reads === 1);
  await stack.stopWorkers();
  gate.open();
  await stack.startWorkers();
  await untilGiven('LOST', 'value-after-a-loss');
});

test('A refresh of an older build never writes into the pod of a newer one.', async () => {
  const { workspace, id } = await running('rebuilt');
  const gate = createGate();
  secrets.beforeRead = ({ id: of, build }) => (of === id && build === 1 ? gate.opened : undefined);
  const before = readsOf(id, 1);
  await change('REBUILT', 'value-of-a-rebuild');
  await workspace.rebuild({ image: 'starter:2' });
  await workspace.waitForBuild(2);
  gate.open();
  expect(secrets.given.filter(({ pod }) => pod.id === id).at(-1)?.pod.build).toBe(2);
  await until('the status is that of build 2', async () => (await workspace.status()).secrets.length > 0);
  expect(readsOf(id, 1)).toBe(before);
});

test('A change that comes while a hook runs reaches the pod beside the hook, and costs the build nothing.', async () => {
  const gate = createGate();
  stack.overrides.exec = async (_pod, { argv }) => {
    if (argv[3] === 'configure') await gate.opened;
    return NO_HOOK;
  };
  const workspace = await create('in-build');
  const { id } = await until('the hook runs', async () => {
    const status = await workspace.status();
    return status.build?.steps.find(({ name }) => name === 'configure')?.state === 'running' && status;
  });
  await change('DURING', 'value-during-a-build');
  await until('the pod has it', () => secrets.variablesOf(id).DURING === 'value-during-a-build');
  expect((await workspace.status()).state).toBe('building');
  gate.open();
  const { build } = await untilState(workspace, 'running');
  expect([build?.number, build?.warnings]).toEqual([1, []]);
});

test('A writer that dies between its change and its signals loses nothing.', async () => {
  const { id, untilGiven } = await running('writer-lost');
  await handleOf('writer-lost').signal('secretsChanged', { delayMs: 10_000 });
  await secrets.setVariable('ada', 'WRITER', 'value-of-a-dead-writer');
  expect(secrets.variablesOf(id).WRITER).toBeUndefined();
  await untilGiven('WRITER', 'value-of-a-dead-writer');
});

test('No history has a value, a key, or a token, and no workflow task failed, except through the server itself.', async () => {
  const found: string[] = [];
  const { workflow } = stack.client.temporal;
  for await (const { workflowId, runId } of workflow.list({ query: "WorkflowType='workspace'" })) {
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    const text = flatten(events).toString();
    expect(text).toContain('"delivered"');
    found.push(
      ...[CANARY, 'value-', 'PRIVATE KEY', 'eyJ'].filter((word) => text.includes(word)).map((word) => `${workflowId} ${word}`),
    );
    const failures = await taskFailures(stack, workflowId);
    found.push(...failures.filter((failure) => !/UnhandledCommand|ForceCloseCommand/.test(failure)));
  }
  expect(found).toEqual([]);
});
