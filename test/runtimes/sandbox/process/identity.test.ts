import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identifySelf, killProcess, sendSignal } from '../../../../src/runtimes/sandbox/process/identity';

afterEach(() => jest.restoreAllMocks());

test('A signal to a process that has ended is not sent, and no error.', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(sendSignal(child.pid ?? 0, 'SIGKILL')).toBe(false);
});

test('A signal to a process that has become another user’s is not sent, and no error.', () => {
  // Root may signal every process, so the answer of the kernel is made up.
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
  expect(sendSignal(process.pid, 'SIGSTOP')).toBe(false);
});

test('A process that this user may not kill is named at once.', async () => {
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
  const refused = { type: 'RuntimeUnavailable', message: `processes ${process.pid} may not be killed by this user` };
  await expect(killProcess(identifySelf())).rejects.toMatchObject(refused);
});

test('A signal to a living process is sent.', async () => {
  const child = spawn('sleep', ['60']);
  expect(sendSignal(child.pid ?? 0, 'SIGKILL')).toBe(true);
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});
