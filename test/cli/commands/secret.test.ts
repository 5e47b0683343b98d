import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { PerennialClient } from '../../../src/client';
import { createFileStore } from '../../../src/secrets/files';
import { fakeClient, fakeTemporal, run } from '../../support/cli/command-line';
import { createStackFolder } from '../../support/cli/folder';

const dir = createStackFolder([]);
const other = createStackFolder([], 'another-namespace');
const CANARY = 'canary-value';

beforeEach(() => rmSync(path.join(dir, 'keys'), { recursive: true, force: true }));

/** A Temporal server with these workspaces, and what was signalled to them. */
function temporal(workspaces: string[] = ['workspace/ada/dev']) {
  const sent: unknown[] = [];
  const queries: string[] = [];
  async function* list({ query }: { query: string }) {
    queries.push(query);
    for (const workflowId of workspaces) yield { workflowId, searchAttributes: {} };
  }
  const server = {
    sent,
    queries,
    signal: async (workflowId: string, name: string, input: unknown) => {
      sent.push([workflowId, name, input, await versionOf('NPM_TOKEN')]);
    },
  };
  const getHandle = (workflowId: string) => ({
    describe: async () => ({ status: { name: 'COMPLETED' } }),
    signal: ({ name }: { name: string }, input: unknown) => server.signal(workflowId, name, input),
  });
  return Object.assign(server, { client: fakeClient({ temporal: fakeTemporal({ workflow: { list, getHandle } }) }) });
}

const versionOf = async (name: string) =>
  (await createFileStore(path.join(dir, 'keys')).get({ kind: 'secret', holder: 'owner/ada', name }))?.version ?? 0;

const secret = (args: string[], input = `${CANARY}\n`, { client }: { client: PerennialClient } = temporal()) =>
  run(['secret', ...args, '--dir', dir], { client, readSecret: async () => Buffer.from(input) });

test('A secret is set from standard input without its line end, is listed without its value, and is deleted.', async () => {
  const set = await secret(['set', 'ada', 'NPM_TOKEN']);
  expect(set).toEqual({ code: 0, error: '', out: 'owner ada: NPM_TOKEN is set, version 1, as variable NPM_TOKEN\n' });
  const stored = await createFileStore(path.join(dir, 'keys')).get({ kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' });
  expect(JSON.parse(stored?.value.toString() ?? '').value).toBe(Buffer.from(CANARY).toString('base64'));
  const list = await secret(['list', 'ada']);
  expect(list.out).toMatch(/^NAME +TARGET +VERSION +SET +BY\nNPM_TOKEN +variable NPM_TOKEN +1 +\d{4}-\S+Z +ada\n$/);
  const { out } = await secret(['delete', 'ada', 'NPM_TOKEN']);
  expect(out).toBe('owner ada: NPM_TOKEN is deleted\n');
  expect(await secret(['list', 'ada'])).toMatchObject({ out: 'No secrets.\n' });
  const again = await secret(['delete', 'ada', 'NPM_TOKEN']);
  expect(again).toMatchObject({ code: 1, error: 'perennial: NotFound: owner ada has no secret NPM_TOKEN\n' });
});

test('Workspaces are signalled before the change, with a delay, and after it.', async () => {
  const server = temporal(['workspace/ada/dev', 'workspace/ada/web']);
  await secret(['set', 'ada', 'NPM_TOKEN'], undefined, server);
  const [before, after] = [server.sent.slice(0, 2), server.sent.slice(2)].map((signals) => signals.sort());
  expect(before).toEqual([
    ['workspace/ada/dev', 'secretsChanged', { delayMs: 45_000 }, 0],
    ['workspace/ada/web', 'secretsChanged', { delayMs: 45_000 }, 0],
  ]);
  expect(after).toEqual([
    ['workspace/ada/dev', 'secretsChanged', {}, 1],
    ['workspace/ada/web', 'secretsChanged', {}, 1],
  ]);
  expect(server.queries[0]).toContain("Owner='ada'");
  await secret(['set', 'TOKEN', '--organization', 'acme'], undefined, server);
  expect(server.queries.at(-1)).toContain("Organization='acme'");
});

test.each<[string[], object]>([
  [['--env', 'TOKEN'], { env: 'TOKEN' }],
  [['--file', '~/.netrc'], { file: '.netrc' }],
  [['--git', 'git.example.com'], { git: 'git.example.com', username: 'oauth2' }],
  [['--git', 'git.example.com', '--username', 'ada'], { git: 'git.example.com', username: 'ada' }],
])('With %j the target is %j.', async (options, target) => {
  const { out } = await secret(['set', 'ada', 'my-secret', ...options, '--by', 'grace', '--json']);
  expect(JSON.parse(out)).toMatchObject({ name: 'my-secret', scope: 'owner', target, version: 1, by: 'grace' });
});

test("An organization's secret is another one than an owner's of the same name.", async () => {
  await secret(['set', 'TOKEN', '--organization', 'ada']);
  expect(JSON.parse((await secret(['list', 'ada', '--json'])).out)).toEqual([]);
  const { out } = await secret(['list', '--organization', 'ada', '--json']);
  expect(JSON.parse(out)).toMatchObject([{ name: 'TOKEN', scope: 'organization' }]);
});

test.each<[string[], string]>([
  [['set', 'NPM_TOKEN'], 'expected OWNER and NAME'],
  [['set', 'ada', 'NPM_TOKEN', CANARY], 'expected OWNER and NAME'],
  [['set', 'ada', 'NPM_TOKEN', '--organization', 'acme'], 'expected NAME alone'],
  [['set', 'Ada', 'NPM_TOKEN'], 'owner: Expected 1 to 40'],
  [['set', 'ada', 'npm-token'], 'env: expected a name'],
  [['set', 'ada', 'NPM_TOKEN', '--env', 'PATH'], 'env: expected no name that the workspace sets'],
  [['set', 'ada', 'NPM_TOKEN', '--env', 'A', '--file', 'b'], 'target: expected one of'],
  [['set', 'ada', 'NPM_TOKEN', '--username', 'ada'], 'username: expected a Git host'],
  [['list'], 'expected either an owner, or --organization'],
  [['list', 'ada', '--organization', 'acme'], 'expected either an owner, or --organization'],
])('`secret %j` is wrong usage, and a value among the arguments is not repeated.', async (args, message) => {
  const ended = await secret(args);
  expect(ended).toMatchObject({ code: 2, error: expect.stringContaining(message) });
  expect(ended.out + ended.error).not.toContain(CANARY);
});

test.each(['', '\n', '\r\n'])('The empty value %j is refused before anything is signalled.', async (input) => {
  const server = temporal();
  const ended = await secret(['set', 'ada', 'NPM_TOKEN'], input, server);
  expect(ended).toMatchObject({ code: 2, error: expect.stringContaining('value: expected 1 to 65536 bytes') });
  expect(server.sent).toEqual([]);
});

test('Of two line ends one is dropped, with its carriage return.', async () => {
  await secret(['set', 'ada', 'NPM_TOKEN'], 'a\r\n\r\n');
  const stored = await createFileStore(path.join(dir, 'keys')).get({ kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' });
  expect(JSON.parse(stored?.value.toString() ?? '').value).toBe(Buffer.from('a\r\n').toString('base64'));
});

test('Without a stack in DIR no store is made, and the message says what is missing.', async () => {
  const empty = path.join(dir, 'empty');
  mkdirSync(empty);
  const ended = await run(['secret', 'list', 'ada', '--dir', empty], { client: temporal().client });
  expect(ended).toMatchObject({
    code: 1,
    error: expect.stringMatching(/NotFound: .*expected a cluster \(KUBECONFIG\) or the folder/),
  });
  const refused = await run(['secret', 'list', 'ada', '--dir', other], { client: temporal().client });
  expect(refused).toMatchObject({ code: 1, error: expect.stringContaining('NotAllowed') });
});

test('Where the workspaces cannot be signalled before it, nothing is changed.', async () => {
  const getHandle = () => ({
    describe: async () => ({ status: { name: 'COMPLETED' } }),
    signal: () => Promise.reject(new Error('away')),
  });
  async function* list() {
    yield { workflowId: 'workspace/ada/dev', searchAttributes: {} };
  }
  const client = fakeClient({ temporal: fakeTemporal({ workflow: { list, getHandle } }) });
  const ended = await secret(['set', 'ada', 'NPM_TOKEN'], undefined, { client });
  expect(ended).toMatchObject({ code: 1, error: 'perennial: Unavailable: 1 of 1 workspaces could not be signalled\n' });
  expect(await versionOf('NPM_TOKEN')).toBe(0);
});

test('Where the workspaces cannot be signalled after it, the change stands: the signals before it have them read it.', async () => {
  const server = temporal();
  const { signal } = server;
  server.signal = async (...sent) => ((await versionOf('NPM_TOKEN')) > 0 ? Promise.reject(new Error('away')) : signal(...sent));
  expect(await secret(['set', 'ada', 'NPM_TOKEN'], undefined, server)).toMatchObject({ code: 0 });
  expect(server.sent).toEqual([['workspace/ada/dev', 'secretsChanged', { delayMs: 45_000 }, 0]]);
  expect(await versionOf('NPM_TOKEN')).toBe(1);
});
