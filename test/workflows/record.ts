/** Records the history of every scenario that a newer version has to be able to go on with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { WorkspaceHandle } from '../../src/client';
import type { Runtime } from '../../src/runtimes/runtime';
import { until } from '../support/until';
import { enableFaultInjection, failureOf, injectFault, untilCalled } from '../support/workflows/fault-injection';
import { INTERNAL, KNOWN, rawMessages, SHORT } from '../support/workflows/raw-messages';
import { createGate, type Stack, startStack, untilState } from '../support/workflows/temporal-env';
import { announced, campaigns } from './record-campaign';
import { recordOwner } from './record-owner';

/** Plays one scenario; what it answers are workflow ids, with the run where not the last is meant, by the name of the fixture. */
type Scenario = (stack: Stack) => Promise<Record<string, Recorded>>;
interface Recorded {
  workflowId: string;
  runId?: string;
}

const SCENARIOS: Scenario[] = [
  day,
  superseded,
  takenOver,
  cancelled,
  deleted,
  podLost,
  failed,
  malformed,
  scheduled,
  withSecrets,
  campaigns,
  announced,
  recordOwner,
];

/** Writes `<scenario>.json` files into the folder. */
export async function record(folder: string): Promise<void> {
  const stack = await startStack('dev', { withWatch: true, withSecrets: true });
  enableFaultInjection(stack);
  mkdirSync(folder, { recursive: true });
  const playAndWrite = async (play: Scenario) => {
    for (const [name, recorded] of Object.entries(await play(stack)))
      await write(stack, path.join(folder, `${name}.json`), recorded);
  };
  // All at once: the day takes more than a minute of real time.
  await Promise.all(SCENARIOS.map(playAndWrite));
  // From here on the runtime has sessions.
  await playAndWrite(briefHooks);
  await write(stack, path.join(folder, 'organization.json'), { workflowId: 'organization/recorded' });
  await write(stack, path.join(folder, 'watch.json'), { workflowId: 'watch/memory' });
  await stack.close();
}

/** A build, pings, the auto-off with its last look, and a policy that is pushed meanwhile. */
async function day(stack: Stack) {
  const organization = stack.client.organization('recorded');
  await organization.create({ policy: { autoOff: { after: '1m' } } });
  const workspace = await create(stack, 'day', { organization: 'recorded' });
  await untilState(workspace, 'running');
  for (const via of ['ssh', 'web', 'ide']) await workspace.ping({ via });
  await organization.setPolicy({ retention: '5d', by: 'root' });
  await until('the policy arrives', async () => (await workspace.status()).policyVersion === 2);
  // Twice, since the shortest auto-off is longer than the patience of a test.
  await untilState(workspace, 'off').catch(() => undefined);
  await untilState(workspace, 'off');
  return { day: idOf(workspace) };
}

async function superseded(stack: Stack) {
  const meter = injectFault('superseded', 'configure', { hold: (call) => (call === 1 ? createGate().opened : undefined) });
  const workspace = await create(stack, 'superseded');
  await untilCalled(meter);
  await workspace.rebuild({ by: 'bob', reason: 'newer', image: 'starter:2' });
  await workspace.waitForBuild(2);
  return { 'rebuild-superseded': idOf(workspace) };
}

/** Both runs of a build that goes over into a new one. */
async function takenOver(stack: Stack) {
  const gate = createGate();
  const meter = injectFault('taken-over', 'start-pod', { hold: () => gate.opened });
  const workspace = await create(stack, 'taken-over', { continueAsNewAfterEvents: 60 });
  await untilCalled(meter);
  const handle = stack.client.temporal.workflow.getHandle('workspace/ada/taken-over');
  const { runId } = await handle.describe();
  await until('another run takes over', async () => {
    await workspace.ping();
    return (await handle.describe()).runId !== runId;
  });
  await untilCalled(meter, 2);
  gate.open();
  await workspace.waitForBuild(1);
  return { 'continue-as-new-before': { ...idOf(workspace), runId }, 'continue-as-new-after': idOf(workspace) };
}

async function cancelled(stack: Stack) {
  const meter = injectFault('cancelled', 'start-pod', { hold: (call) => (call === 1 ? createGate().opened : undefined) });
  const workspace = await create(stack, 'cancelled');
  await untilCalled(meter);
  await workspace.cancelBuild({ by: 'bob' });
  await untilState(workspace, 'off');
  await workspace.start();
  await untilState(workspace, 'running');
  return { 'cancel-build': idOf(workspace) };
}

async function deleted(stack: Stack) {
  const workspace = await create(stack, 'deleted');
  await untilState(workspace, 'running');
  await workspace.delete();
  await untilState(workspace, 'deleted');
  await workspace.restore();
  await workspace.delete({ purge: true });
  await stack.client.temporal.workflow.getHandle('workspace/ada/deleted').result();
  return { 'delete-restore-purge': idOf(workspace) };
}

/** Lost in the middle of a hook, and lost while it runs. */
async function podLost(stack: Stack) {
  const meter = injectFault('pod-lost', 'configure', { hold: (call) => (call === 1 ? createGate().opened : undefined) });
  const workspace = await create(stack, 'pod-lost');
  await untilCalled(meter);
  const { id } = await workspace.status();
  stack.runtime.losePod({ id, organization: 'default', build: 1 });
  await untilState(workspace, 'running');
  await workspace.rebuild();
  await workspace.waitForBuild(2);
  stack.runtime.losePod({ id, organization: 'default', build: 2 }, { reason: 'it was evicted' });
  await until('it was built again', async () => (await workspace.status()).build?.number === 3);
  await untilState(workspace, 'running');
  return { 'pod-lost': idOf(workspace) };
}

/** Retried, then failed, then started again. */
async function failed(stack: Stack) {
  const types = ['RuntimeUnavailable', 'ImageInvalid'] as const;
  injectFault('failed', 'start-pod', {
    fail: (call) => {
      const type = types[call - 1];
      return type && failureOf(type);
    },
  });
  const workspace = await create(stack, 'failed');
  await untilState(workspace, 'error');
  await workspace.start();
  await untilState(workspace, 'running');
  return { 'build-failed': idOf(workspace) };
}

async function malformed(stack: Stack) {
  const workspace = await create(stack, 'malformed');
  await untilState(workspace, 'running');
  const raw = rawMessages(stack);
  for (const name of [...KNOWN, ...INTERNAL, '__temporal_x']) {
    for (const [, payloads] of SHORT) await raw.signal('workspace/ada/malformed', name, payloads);
  }
  await workspace.status();
  return { 'malformed-signals': idOf(workspace) };
}

/** With a schedule the next occurrence is a local activity, and so a marker in the history. */
async function scheduled(stack: Stack) {
  const autoStart = { time: '08:30', timeZone: 'Europe/Berlin' };
  const workspace = await create(stack, 'scheduled', { autoStart });
  await untilState(workspace, 'running');
  await workspace.configure({ by: 'ada', autoStart: { ...autoStart, time: '09:00', weekdays: ['mon', 'fri'] } });
  await until('the start is planned', async () => (await workspace.status()).autoStart?.at);
  await workspace.stop();
  await untilState(workspace, 'off');
  return { 'configure-auto-start': idOf(workspace) };
}

/** Both runs of a workspace that hands over in the middle of a refresh, after one that ended. */
async function withSecrets(stack: Stack) {
  const { secrets } = stack;
  if (!secrets) throw new Error('the stack keeps no secrets');
  const workspace = await create(stack, 'secrets', { continueAsNewAfterEvents: 140 });
  const { id } = await untilState(workspace, 'running');
  const handle = stack.client.temporal.workflow.getHandle('workspace/ada/secrets');
  const untilVersion = (version: number) =>
    until(`version ${version}`, async () => (await workspace.status()).secrets[0]?.version === version);
  await secrets.setVariable('ada', 'NPM_TOKEN', 'the first value');
  await handle.signal('secretsChanged', {});
  await untilVersion(1);
  const gate = createGate();
  let reads = 0;
  secrets.beforeRead = (pod) => {
    if (pod.id !== id) return undefined;
    reads += 1;
    return reads === 1 ? gate.opened : undefined;
  };
  await handle.signal('secretsChanged', { delayMs: 1_000 });
  await until('the refresh began', () => reads === 1);
  await secrets.setVariable('ada', 'NPM_TOKEN', 'the second value');
  const { runId } = await handle.describe();
  await until('another run takes over', async () => {
    await workspace.ping();
    return (await handle.describe()).runId !== runId;
  });
  await untilVersion(2);
  gate.open();
  return { 'secrets-before': { ...idOf(workspace), runId }, 'secrets-after': idOf(workspace) };
}

/** Hooks that end at once, in the activity that injects the secrets, in two builds. */
async function briefHooks({ client, runtime }: Stack) {
  const exec: Runtime['exec'] = (...call) => runtime.exec(...call);
  runtime.openSession = async (pod) => ({ exec: (command, signal) => exec(pod, command, signal), close: () => undefined });
  const workspace = await client.create({ owner: 'ada', name: 'brief-hooks', image: 'starter:1' });
  await untilState(workspace, 'running');
  await workspace.rebuild();
  await workspace.waitForBuild(2);
  return { 'brief-hooks': idOf(workspace) };
}

function create(stack: Stack, name: string, more: object = {}): Promise<WorkspaceHandle> {
  return stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
}

function idOf({ workspace }: WorkspaceHandle): Recorded {
  return { workflowId: `workspace/${workspace}` };
}

async function write(stack: Stack, file: string, { workflowId, runId }: Recorded): Promise<void> {
  const history = await stack.client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const { events } = JSON.parse(historyToJSON(history)) as { events: unknown[] };
  // One event a line, so that a new recording can be compared with the old one.
  const lines = events.map((event) => withoutMachine(JSON.stringify(event)));
  writeFileSync(file, `{"workflowId":${JSON.stringify(workflowId)},"events":[\n${lines.join(',\n')}\n]}\n`);
  console.log(`${path.basename(file)}: ${events.length} events`);
}

/** A replay asks for nothing that names the machine or its folders. */
function withoutMachine(text: string): string {
  return text
    .replaceAll(`${process.pid}@${hostname()}`, 'worker')
    .replaceAll(/"stackTrace":"(?:[^"\\]|\\.)*"/g, '"stackTrace":""');
}
