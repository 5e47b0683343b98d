import type { WorkspaceHandle } from '../../src/client';
import { createMemoryRuntime, type MemoryRuntime } from '../../src/runtimes/memory';
import { build, run, status } from '../support/cli/command-line';
import { type FakeWorkspace, fakeWorkspace } from '../support/gateway/fake-workspace';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { patiently } from '../support/runtimes/contract';
import { HOME } from '../support/runtimes/contract-harness';

const LOG = { id: 'w1', organization: 'default', build: 1, step: 'configure' };
const JWT = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`;
const ran = build({ steps: build().steps.map((step) => ({ ...step, state: 'done', lastLines: ['a', 'b'] })) });

let runtime: MemoryRuntime;
let workspace: FakeWorkspace;
let gateway: TestGateway;
let url = '';
beforeEach(async () => {
  runtime = createMemoryRuntime();
  await runtime.prepareHome(HOME, patiently());
  const waitForBuild: WorkspaceHandle['waitForBuild'] = async (_number, options) => {
    options?.onChange?.(ran, null);
    return ran;
  };
  const queries = { status: async () => status(), build: async () => ran, pendingStep: async () => null };
  workspace = fakeWorkspace({ ...queries, explain: async () => ({ why: 'it was asked for' }) as never, waitForBuild });
  gateway = await startGateway(workspace.client, { runtime });
  url = await gateway.server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => gateway.close());

/** Runs a command of somebody with a token of an owner, and without Temporal. */
async function perennial(...args: string[]) {
  const { authorization } = await gateway.as({ kind: 'owner', owner: 'ada' });
  const readToken = async () => authorization.slice('Bearer '.length);
  const connect = () => Promise.reject(new Error('this person has no connection to Temporal'));
  return run(args, { gateway: { url, readToken }, connect });
}

test('The status comes as from Temporal.', async () => {
  const { code, out } = await perennial('status', 'ada/dev', '--json');
  expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(status()))]);
  expect((await perennial('status', 'ada/dev')).out).toContain('it was asked for');
});

test('The whole logs are printed masked, and of a log that is gone the last lines.', async () => {
  runtime.writeLog(LOG, `one\ntoken ${JWT}\nlast`);
  expect(await perennial('logs', 'ada/dev', '--step', 'configure')).toEqual({ code: 0, out: 'one\ntoken ***\nlast', error: '' });
  const { out } = await perennial('logs', 'ada/dev', '--step', 'configure', '--json');
  const logs = [{ step: 'configure', text: 'one\ntoken ***\nlast', complete: true }];
  expect(JSON.parse(out)).toEqual({ workspace: 'ada/dev', build: 1, logs });
  runtime.writeLog({ ...LOG, step: 'other' }, '');
  expect(await perennial('logs', 'ada/dev', '--step', 'configure', '--follow')).toMatchObject({
    code: 0,
    out: 'one\ntoken ***\nlast',
  });
});

test('Of a log that is not there the last lines are printed, and standard error says so.', async () => {
  const error =
    'perennial: the log of configure of build 1 is not in the home any more; these are its last lines, as far as they are known\n';
  const args = ['logs', 'ada/dev', '--step', 'configure'];
  expect(await perennial(...args)).toEqual({ code: 0, out: 'a\nb\n', error });
  expect(await perennial(...args, '--follow')).toEqual({ code: 0, out: 'a\nb\n', error });
});

test('A terminal is refused with the sentence of the gateway.', async () => {
  workspace.known = { id: 'w1', organization: 'default', state: 'off', build: 1 };
  expect(await perennial('shell', 'ada/dev')).toEqual({
    code: 1,
    out: '',
    error: 'perennial: NotAllowed: expected ada/dev to be running, it is off; `perennial start ada/dev` builds it\n',
  });
});

test('What the gateway refuses is said with its type.', async () => {
  expect(await perennial('status', 'bob/dev')).toMatchObject({
    code: 1,
    error: expect.stringContaining('NotFound: workspace bob/dev'),
  });
  expect(await perennial('stop', 'ada/dev', '--by', 'bob')).toMatchObject({
    code: 1,
    error: expect.stringContaining('InvalidRequest: --by'),
  });
});

test('A gateway that is away is named.', async () => {
  await gateway.server.close();
  const { code, error } = await perennial('stop', 'ada/dev');
  expect([code, error]).toEqual([1, expect.stringContaining(`Unavailable: no gateway answers at ${url}`)]);
});

test('A command that names another place does not go through the gateway.', async () => {
  const { code, error } = await perennial('status', 'ada/dev', '--address', 'localhost:1');
  expect([code, error]).toEqual([1, expect.stringContaining('no connection to Temporal')]);
});
