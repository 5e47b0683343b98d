/** No secret shows where it should not: a full run with a value of its own in every place, and then a search of all that is left. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sendQuery } from '../../src/client/retry';
import {
  CARRIERS,
  type CanaryStack,
  plantSecrets,
  RUN_LIMIT_MS,
  readKeys,
  SECRETS,
  startCanaryStack,
  tokenCanary,
  WORKSPACE,
} from '../support/canary/canary-stack';
import { addDetails, addFolder, addWorkflows } from '../support/canary/evidence';
import { findCanaries, needlesOf, plantCanary } from '../support/canary/needles';
import { readProcesses } from '../support/start/start-process';
import { until } from '../support/until';

jest.setTimeout(RUN_LIMIT_MS);

let stack: CanaryStack;
/** The workspace's home on this machine. */
let home: string;
let id: string;
/** An owner's token. */
let token: string;

beforeAll(async () => {
  stack = await startCanaryStack();
}, RUN_LIMIT_MS);

afterAll(() => stack?.remove(), RUN_LIMIT_MS);

const workspace = () => stack.client.workspace('ada', 'dev');
const rawLog = (build: number, step: string) =>
  readFileSync(path.join(home, '.perennial', 'logs', `build-${build}`, `${step}.log`));
const settled = (build: number) =>
  until(`build ${build} is over`, async () => {
    const { build: newest } = await workspace().status();
    return newest?.number === build && newest.endedAt !== null;
  });

test('A build delivers every secret, and hooks that print and leak all of them get nothing out.', async () => {
  await plantSecrets(stack);
  expect((await stack.perennial(['create', 'ada/dev', '--image', 'canary:1'])).code).toBe(0);
  const status = await workspace().status();
  ({ id } = status);
  home = path.join(stack.dir, 'homes', id);
  expect(status).toMatchObject({ state: 'running', build: { number: 1, failure: null, warnings: expect.any(Array) } });
  expect(status.secrets.map(({ name }) => name).sort()).toEqual(SECRETS.map(({ name }) => name).sort());
  await readKeys(stack);
  // What a hook was given is in its log, which is raw: the search below is one for values that were really there.
  for (const step of ['configure', 'personalize']) {
    const found = findCanaries(needlesOf(stack.canaries), rawLog(1, step));
    const places = new Set(found.map((each) => each.replace(/ \(.*/, '')));
    expect([...places].sort()).toEqual(
      [...SECRETS.map(({ canary }) => canary.place), "owner's SSH key", "workspace's token"].sort(),
    );
  }
});

test('The command line shows the build, its output, and the secrets without a value.', async () => {
  for (const line of [
    'status ada/dev',
    'status ada/dev --json',
    'explain ada/dev',
    'list',
    'logs ada/dev',
    'logs ada/dev --step configure',
    'logs ada/dev --step personalize --json',
    'secret list ada',
    'secret list ada --json',
    'secret list --organization default',
    'key show ada',
    'key show ada --json',
    'rebuild ada/dev --image canary:2',
  ])
    expect({ line, code: (await stack.perennial(line.split(' '))).code }).toEqual({ line, code: 0 });
  await readKeys(stack);
});

test('A refused secret is not quoted.', async () => {
  const refused = plantCanary('refused value', 2);
  stack.canaries.push(refused);
  const stdin = refused.value;
  for (const args of [
    ['ada', 'bad name'],
    ['ada', 'X', '--env', 'PATH'],
    ['ada', 'X', '--file', '../x'],
    ['ada', 'X', '--git', 'a.test'],
    ['ada', 'Y', '--env', 'NPM_TOKEN'],
  ])
    expect((await stack.perennial(['secret', 'set', ...args], { stdin })).code).not.toBe(0);
  expect((await stack.perennial(['secret', 'set', 'ada', 'X'], { stdin: stdin.repeat(2_000) })).code).not.toBe(0);
});

test('A changed secret, a deleted one, and a new key reach the running pod.', async () => {
  const changed = plantCanary('changed variable');
  stack.canaries.push(changed);
  expect((await stack.perennial(['secret', 'set', 'ada', 'NPM_TOKEN'], { stdin: `${changed.value}\n` })).code).toBe(0);
  expect((await stack.perennial(['secret', 'delete', 'TEAM_FILE', '--organization', 'default'])).code).toBe(0);
  await until('the variable has its new value', async () => (await stack.inside('printf %s "$NPM_TOKEN"')) === changed.value);
  await until(
    'the link of the deleted secret is gone',
    () => lstatSync(path.join(home, '.team-secret'), { throwIfNoEntry: false }) === undefined,
  );
  expect((await stack.perennial(['key', 'rotate', 'ada'])).code).toBe(0);
  await readKeys(stack);
  stack.addEnvironments();
});

test('The gateway answers, refuses, and streams without a value.', async () => {
  ({ out: token } = await stack.perennial(['token', 'create', '--owner', 'ada'], { isRaw: true }));
  token = token.trim();
  const ofService = (
    await stack.perennial(['token', 'create', '--service', 'ci', '--scope', 'read'], { isRaw: true })
  ).out.trim();
  const put = plantCanary('put through the gateway');
  stack.canaries.push(tokenCanary("owner's token", token), tokenCanary("service's token", ofService), put);
  const body = JSON.stringify({ target: { env: 'PUT_TOKEN' }, value: put.value });
  const ask = (route: string, options: { method?: string; body?: string; token?: string } = {}) =>
    stack.ask(route, { token, ...options });
  expect(await ask('/v1/owners/ada/secrets/PUT_TOKEN', { method: 'PUT', body })).toBe(200);
  const wrong = JSON.stringify({ target: { env: 'PATH' }, value: put.value, [put.value]: put.value });
  expect(await ask('/v1/owners/ada/secrets/WRONG', { method: 'PUT', body: wrong })).toBe(400);
  expect(await ask('/v1/owners/ada/secrets/WRONG', { method: 'PUT', body: put.value })).toBe(400);
  expect(await ask('/v1/owners/ada/secrets/PUT_TOKEN', { method: 'PUT', body, token: ofService })).toBeGreaterThanOrEqual(403);
  for (const route of [
    '',
    '/explain',
    '/builds/1',
    '/builds/2',
    '/builds/1/logs/configure',
    '/builds/2/logs/personalize',
    '/builds/2/events',
  ])
    expect({ route, status: await ask(`/v1/workspaces/ada/dev${route}`) }).toEqual({ route, status: 200 });
  for (const route of ['/v1/workspaces', '/v1/owners/ada/secrets', '/v1/owners/ada/key', '/openapi.json'])
    expect({ route, status: await ask(route) }).toEqual({ route, status: 200 });
  expect(await ask('/v1/owners/ada/key/rotate', { method: 'POST', body: '{}' })).toBe(200);
  expect(await ask(`/v1/workspaces?access_token=${token}`, { token: 'none' })).toBe(401);
  expect(await ask('/v1/workspaces', { token: `${token.slice(0, -4)}AAAA` })).toBe(401);
  await readKeys(stack);
});

test('A worker killed in the middle of a build, failed builds, and a cancelled one give nothing away.', async () => {
  const { build } = await workspace().rebuild({ by: 'test' });
  await until('the build has begun', async () => (await workspace().pendingStep()) !== null);
  const { worker } = readProcesses(stack.dir);
  if (worker) process.kill(worker.pid, 'SIGKILL');
  await settled(build ?? 0);
  await readKeys(stack);
  expect((await stack.perennial(['rebuild', 'ada/dev', '--image', 'missing:1'])).code).toBe(1);
  expect((await stack.perennial(['status', 'ada/dev', '--json'])).code).toBe(0);
  expect((await stack.perennial(['rebuild', 'ada/dev', '--image', 'canary:1', '--no-wait'])).code).toBe(0);
  await until('its hook has begun', async () =>
    (await workspace().build()).steps.some(({ name, state }) => name === 'configure' && state !== 'waiting'),
  );
  await workspace().cancelBuild({ by: 'test' });
  await until('the workspace is off', async () => (await workspace().status()).state === 'off');
  expect((await stack.perennial(['start', 'ada/dev'])).code).toBe(0);
  await readKeys(stack);
  stack.addEnvironments();
});

test('When all has ended, the memory of the pods is gone, and the homes hold links and settings alone.', async () => {
  await addDetails(stack.evidence, stack.client, WORKSPACE);
  const handle = stack.client.temporal.workflow.getHandle(WORKSPACE);
  for (const query of ['status', 'explain', 'build'])
    stack.evidence.add('descriptions', query, JSON.stringify(await sendQuery(WORKSPACE, () => handle.query(query))));
  expect((await stack.perennial(['stop', 'ada/dev'])).code).toBe(0);
  await until('the workspace is off', async () => (await workspace().status()).state === 'off');
  await addWorkflows(stack.evidence, stack.client);
  await stack.end();
  addFolder(stack.evidence, 'home', home, ['.perennial/logs']);
  addFolder(stack.evidence, 'DIR', stack.dir, ['keys', `homes/${id}/.perennial/logs`]);
  const memory = ['/dev/shm', '/run/perennial', `/run/user/${process.getuid?.()}`].filter((folder) => existsSync(folder));
  const left = memory.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes('perennial'))
      .map((name) => path.join(folder, name)),
  );
  for (const folder of left) if (lstatSync(folder).isDirectory()) addFolder(stack.evidence, 'memory', folder);
  expect(lstatSync(path.join(home, '.config', 'tool', 'secret')).isSymbolicLink()).toBe(true);
});

test.each(CARRIERS)('No secret is in the %s.', (kind, leastBytes) => {
  expect(stack.evidence.sizeOf(kind)).toBeGreaterThanOrEqual(leastBytes);
  expect(stack.evidence.leaks(kind, stack.canaries)).toEqual([]);
});
