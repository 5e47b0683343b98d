import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { endAllStarts, isAlive, launchStart, readProcesses, readStack, START_LIMIT_MS } from '../support/start/start-process';
import { until } from '../support/until';

const script = path.join(__dirname, '..', 'support', 'start', 'run-start.cjs');
const start = (dir: string, ...args: string[]) => launchStart({ script, args: ['--dir', dir, '--no-first', ...args] });

jest.setTimeout(START_LIMIT_MS);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'perennial-start-'));
});
afterEach(async () => {
  await endAllStarts();
  rmSync(dir, { recursive: true, force: true });
});

async function answers(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'perennial' }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

test('The stack says where it answers in stack.json, and SIGTERM ends all that it started, with exit code 0.', async () => {
  const running = start(dir);
  await running.untilSaid(/^ready /m);
  const stack = readStack(dir);
  const { server, worker } = readProcesses(dir);
  expect(stack).toEqual({
    pid: running.pid,
    temporal: { address: expect.stringMatching(/^127\.0\.0\.1:\d+$/), namespace: 'perennial' },
    ui: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    gateway: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    runtime: 'sandbox',
  });
  expect((await fetch(stack.ui)).status).toBe(200);
  await until('the server answers', () => answers(stack.temporal.address));
  expect(await running.end('SIGTERM')).toBe(0);
  expect([server, worker].map((identity) => isAlive(identity?.pid))).toEqual([false, false]);
  expect(existsSync(path.join(dir, 'stack.json'))).toBe(false);
});

test('A second SIGINT while all ends does no harm.', async () => {
  const running = start(dir);
  await running.untilSaid(/^ready /m);
  void running.end('SIGINT');
  await running.untilSaid(/ending: /);
  expect(await running.end('SIGINT')).toBe(0);
  expect(isAlive(readProcesses(dir).server?.pid)).toBe(false);
});

test('On a signal to end while the server is still starting, it ends the server and exits with 0.', async () => {
  const running = start(dir);
  await running.untilSaid(/starting the Temporal server/);
  expect(await running.end('SIGTERM')).toBe(0);
  expect(isAlive(readProcesses(dir).server?.pid)).toBe(false);
});

test('After kill -9 the next start on the folder ends the server and worker that were left.', async () => {
  const killed = start(dir);
  await killed.untilSaid(/^ready /m);
  const left = readProcesses(dir);
  await killed.end('SIGKILL');
  expect([left.server, left.worker].map((identity) => isAlive(identity?.pid))).toEqual([true, true]);

  const next = start(dir);
  await next.untilSaid(/^ready /m);
  expect([left.server, left.worker].map((identity) => isAlive(identity?.pid))).toEqual([false, false]);
  expect(readStack(dir).pid).toBe(next.pid);
  expect(await next.end('SIGTERM')).toBe(0);
});

test('While a start lives, a second one on the folder exits with 1, names the pid, and touches nothing.', async () => {
  const first = start(dir);
  await first.untilSaid(/^ready /m);
  const before = [
    readdirSync(dir),
    readFileSync(path.join(dir, 'stack.json'), 'utf8'),
    readFileSync(path.join(dir, 'processes.json'), 'utf8'),
  ];
  const second = start(dir);
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`process ${first.pid}`);
  expect([
    readdirSync(dir),
    readFileSync(path.join(dir, 'stack.json'), 'utf8'),
    readFileSync(path.join(dir, 'processes.json'), 'utf8'),
  ]).toEqual(before);
  expect(await first.end('SIGTERM')).toBe(0);
});

test('A worker or a server that dies is started again, the server on its old port.', async () => {
  const running = start(dir);
  await running.untilSaid(/^ready /m);
  const { address } = readStack(dir).temporal;
  const before = readProcesses(dir);
  for (const identity of [before.worker, before.server]) process.kill(identity?.pid ?? 0, 'SIGKILL');
  await until('both have new processes', () => {
    const { worker, server } = readProcesses(dir);
    return (
      isAlive(worker?.pid) && isAlive(server?.pid) && worker?.pid !== before.worker?.pid && server?.pid !== before.server?.pid
    );
  });
  await until('the server answers again', () => answers(address));
  expect(await running.end('SIGTERM')).toBe(0);
});

test('A port that is taken is refused with exit code 1 and a sentence that names the option, and nothing is left running.', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const refused = start(dir, '--temporal-port', String(port));
  expect(await refused.exited).toBe(1);
  expect(refused.output()).toContain(`port ${port} is taken by another program; choose another with --temporal-port N`);
  expect(existsSync(path.join(dir, 'stack.json'))).toBe(false);
  await new Promise((resolve) => taken.close(resolve));
});
