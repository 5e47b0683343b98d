/** The command in a workspace against a gateway: each request as the workspace itself. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatStatus } from '../../src/client/pages/status-page';
import { readScript } from '../../src/hooks/shell/read-script';
import { status } from '../support/cli/command-line';
import { type FakePerennial, fakePerennial, ITSELF } from '../support/gateway/fake-perennial';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { SHELLS } from '../support/hook-env';

const SCRIPT = readScript(path.join(__dirname, '../../src/hooks/scripts'), 'workspace-command.sh');
const NOW = Date.parse('2027-03-01T10:00:00.000Z');
const EXPLANATION = { why: 'ada started it', next: [], wouldChange: ['a ping'], history: [] };
const STATUS = status();

let perennial: FakePerennial;
let gateway: TestGateway;
let folder: string;

beforeEach(async () => {
  perennial = fakePerennial();
  Object.assign(perennial.client.workspace('ada', 'dev'), { status: async () => STATUS, explain: async () => EXPLANATION });
  gateway = await startGateway(perennial.client);
  await gateway.server.listen({ port: 0, host: '127.0.0.1' });
  folder = mkdtempSync(path.join(tmpdir(), 'workspace-command-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gateway.close();
});

async function run(shell: string, args: string[], subject: Parameters<TestGateway['as']>[0] = ITSELF) {
  const { authorization } = await gateway.as(subject);
  const files = { token: path.join(folder, 'token'), command: path.join(folder, 'perennial') };
  writeFileSync(files.token, `${authorization.replace('Bearer ', '')}\n`);
  writeFileSync(files.command, `${SCRIPT}\n`);
  const { port } = gateway.server.server.address() as AddressInfo;
  const env = { ...process.env, PERENNIAL_URL: `http://127.0.0.1:${port}/`, PERENNIAL_TOKEN_FILE: files.token };
  const [program = '', ...first] = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
  return new Promise<{ code: number; out: string; error: string }>((resolve) => {
    execFile(program, [...first, files.command, ...args], { env }, (failure, out, error) => {
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, error });
    });
  });
}

test.each(SHELLS)('In %s every command is answered, and prints what the command line outside prints.', async (shell) => {
  const page = formatStatus({ status: STATUS, why: EXPLANATION.why, pending: null, now: NOW });
  const shown = await run(shell, ['status']);
  expect({ ...shown, out: shown.out.split('\n').length }).toEqual({ code: 0, out: page.split('\n').length + 1, error: '' });
  expect(shown.out).toMatch(/^ada\/dev is running since [\s\S]*why +ada started it\n/);
  expect(JSON.parse((await run(shell, ['status', '--json'])).out)).toMatchObject({ workspace: 'ada/dev', state: 'running' });
  const explained = 'ada started it\n\nNext\n  nothing\n\nWhat would change that\n  a ping\n';
  expect(await run(shell, ['explain'])).toEqual({ code: 0, out: explained, error: '' });
  expect(await run(shell, ['ping', '--via', 'ssh'])).toEqual({ code: 0, out: 'ada/dev: pinged\n', error: '' });
  expect((await run(shell, ['stop', '--reason', 'so "long"'])).out).toBe('ada/dev: the stop was accepted; it is building\n');
  expect(JSON.parse((await run(shell, ['rebuild', '--json'])).out)).toEqual({
    workspace: 'ada/dev',
    outcome: 'accepted',
    state: 'building',
    build: 4,
  });
  expect(perennial.asked).toContainEqual(['stop', { by: expect.any(String), reason: 'so "long"' }]);
});

test('The token of an earlier build, and a wrong field, are refused with a type and a sentence.', async () => {
  const shell = SHELLS[0] ?? 'sh';
  const ended = await run(shell, ['stop'], { ...ITSELF, build: 2 });
  expect(ended).toEqual({ code: 1, out: '', error: expect.stringMatching(/^perennial: Unauthorized: .*build 2 of ada\/dev/) });
  const wrong = await run(shell, ['ping', '--at', 'noon', '--json']);
  expect([wrong.code, JSON.parse(wrong.out).error.type]).toEqual([1, 'InvalidRequest']);
});

test('Text is sent where it is asked for before JSON, and is free of control codes.', async () => {
  const headers = await gateway.as(ITSELF);
  const ask = (accept?: string) =>
    gateway.server.inject({ url: '/v1/workspaces/ada/dev', headers: { ...headers, ...(accept && { accept }) } });
  Object.assign(perennial.client.workspace('ada', 'dev'), {
    explain: async () => ({ ...EXPLANATION, why: '\u001b[31mred\u001b[0m' }),
  });
  const answer = await ask('text/plain, application/json;q=0.5');
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.body).toMatch(/why +red\n/);
  for (const accept of [undefined, '*/*', 'application/json', 'text/html'])
    expect((await ask(accept)).json()).toHaveProperty('workspace');
});
