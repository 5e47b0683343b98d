/** The health check of a container, as the container runs it: a process of its own. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { NAMESPACE } from '../../src/contract/names';
import { choosePort } from '../../src/start/process/port';
import { type Stack, startStack } from '../support/workflows/temporal-env';

const HOOK = path.join(__dirname, '..', 'support', 'typescript-hook.cjs');
const HEALTH = path.join(__dirname, '..', '..', 'src', 'worker', 'health.ts');
// A server, a worker, and a process for each look, all on a machine that may be busy.
jest.setTimeout(240_000);

let stack: Stack;

beforeAll(async () => {
  stack = await startStack('dev');
});

afterAll(() => stack.close());

test('A worker that polls is healthy.', async () => {
  expect(await checkHealth(addressOf(stack), NAMESPACE)).toEqual({ code: 0, said: '' });
});

test('A worker that has not polled the server is unhealthy, and the check names the missing poll.', async () => {
  const { code, said } = await checkHealth(addressOf(stack), 'temporal-system');
  expect(code).toBe(1);
  expect(said).toMatch(/^health: expected a poll of perennial in temporal-system by \S+ within 90000 ms, got one never\n$/);
});

test('A worker whose server is unreachable is unhealthy.', async () => {
  const port = await choosePort({ option: '--temporal-port', port: 0 });
  const { code, said } = await checkHealth(`127.0.0.1:${port}`, NAMESPACE);
  expect(code).toBe(1);
  expect(said).toMatch(/^health: /);
});

function addressOf({ server }: Stack): string {
  if (server === null) throw new Error('expected the real server, got none');
  return server.address;
}

function checkHealth(address: string, namespace: string): Promise<{ code: number | null; said: string }> {
  const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
  const child = spawn(process.execPath, ['--require', HOOK, HEALTH], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}
