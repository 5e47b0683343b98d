/** docker-compose.yml on a real Docker engine: it comes up, does its work, survives crashes, and keeps its data. */
import type { WorkspaceHandle } from '../../../src/client';
import { type ComposeStack, openComposeStack } from '../../support/compose/stack';
import { until } from '../../support/until';

const MINUTE_MS = 60_000;
/** Where this is not set the cluster can pull the image that a stack without settings begins with. */
const IMAGE = process.env.PERENNIAL_TEST_IMAGE ?? 'codercom/enterprise-base:ubuntu';
const ROUTE = '/v1/workspaces/ada/compose';
const STATE_MS = 5 * MINUTE_MS;
/**
 * What the Dockerfile adds to its base, in bytes. The SDK's native part for one platform has 25 MB, the Kubernetes client 15, webpack 13,
 * and our own code 3; an image with all production dependencies has 300 MB more than its base.
 */
const MAX_ADDED = 90e6;

let stack: ComposeStack;
let workspace: WorkspaceHandle;

beforeAll(async () => {
  stack = await openComposeStack();
  // What an interrupted run has left.
  await stack.down({ volumes: true });
  try {
    await stack.up();
  } catch (error) {
    console.error(await stack.logs());
    throw error;
  }
}, 20 * MINUTE_MS);

afterAll(async () => {
  await stack.clearCluster();
  await stack.down({ volumes: true });
}, 5 * MINUTE_MS);

const untilState = (state: string) =>
  until(`${workspace.workspace} is ${state}`, async () => (await workspace.status()).state === state, {
    patienceMs: STATE_MS,
    pauseMs: 500,
  });

test('Every service is healthy, or has ended well where it is meant to end.', async () => {
  const states = await stack.services();
  const ended = ['temporal-schema', 'temporal-namespace', 'cluster-access'];
  const expected = Object.keys(states).map((name) => [name, ended.includes(name) ? 'exited 0' : 'healthy']);
  expect(states).toEqual(Object.fromEntries(expected));
});

test('The worker’s image adds to its base only what the worker loads.', async () => {
  const size = await stack.imageSize();
  console.log(`the worker's image: ${megabytes(size.total)}, of which ${megabytes(size.added)} are not of its base`);
  expect(size.added).toBeLessThan(MAX_ADDED);
});

test('The worker runs as a user without rights, on a file system that it cannot write.', async () => {
  const script = 'id -u; grep -hE "^(CapEff|NoNewPrivs)" /proc/1/status | tr -d "\\t"; touch /app/file 2>&1 || true';
  const printed = await stack.exec('worker', 'sh', '-c', script);
  expect(printed.split('\n')).toEqual([
    '1000',
    'CapEff:0000000000000000',
    'NoNewPrivs:1',
    "touch: cannot touch '/app/file': Read-only file system",
  ]);
});

test('A workspace is created, signalled and stopped through the gateway.', async () => {
  workspace = await stack.client.create({ owner: 'ada', name: 'compose', image: IMAGE });
  await untilState('running');
  expect((await workspace.status()).build).toMatchObject({ number: 1, failure: null });
  expect(await stack.ask('POST', `${ROUTE}/ping`, { via: 'test' })).toBe(202);
  await until('the ping counts', async () => (await workspace.status()).autoOff.lastAccess?.via === 'test');
  expect(await stack.ask('POST', `${ROUTE}/stop`)).toBe(200);
  await untilState('off');
});

test.each([
  ['worker', 'worker'],
  ['gateway', 'gateway'],
  ['Temporal server', 'temporal'],
  ['database', 'postgres'],
])('The %s comes back after a crash, and a workspace starts and stops through the gateway.', async (_, service) => {
  await stack.crash(service);
  await until('a start is accepted', () => isAccepted('start'), { patienceMs: STATE_MS, pauseMs: 500 });
  await untilState('running');
  await until('a stop is accepted', () => isAccepted('stop'), { patienceMs: STATE_MS, pauseMs: 500 });
  await untilState('off');
});

test('After `down` without `--volumes` and `up` the same workspace starts with its home.', async () => {
  const { id, build } = await workspace.status();
  await stack.down();
  await stack.up();
  workspace = stack.client.workspace('ada', 'compose');
  expect(await workspace.status()).toMatchObject({ id, state: 'off' });
  // With the token from before, since the key that signed it is kept too.
  expect(await stack.ask('POST', `${ROUTE}/start`)).toBe(200);
  // A build runs on the recorded home alone: another volume in its place would be `HomeMissing`.
  await untilState('running');
  expect((await workspace.status()).build?.number).toBe((build?.number ?? 0) + 1);
  await workspace.delete({ by: 'test', purge: true });
  const handle = stack.client.temporal.workflow.getHandle('workspace/ada/compose');
  await until('it is purged', async () => (await handle.describe()).status.name === 'COMPLETED', { patienceMs: STATE_MS });
});

/** A request may meet a server that is not back yet. */
async function isAccepted(request: 'start' | 'stop'): Promise<boolean> {
  const status = await stack.ask('POST', `${ROUTE}/${request}`).catch(() => 0);
  return status === 200;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
