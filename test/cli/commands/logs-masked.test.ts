/** `perennial logs` hides the values of secrets, which it reads from the store of the stack. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLogFollower } from '../../../src/cli/output/log-reader';
import { prepareValues } from '../../../src/hooks/mask';
import type { LogRef } from '../../../src/runtimes/runtime';
import { createFileStore } from '../../../src/secrets/files';
import { setSecret } from '../../../src/secrets/named-secrets';
import { build, fakeClient, run, status } from '../../support/cli/command-line';
import { createStackFolder, fakeRuntime } from '../../support/cli/folder';

const VALUE = 'correct horse battery staple';
const encoded = Buffer.from(`user:${VALUE}`).toString('base64');

const folders = [createStackFolder(['w1']), createStackFolder(['w1'])];

function stack(text: string) {
  const dir = folders.pop() ?? '';
  const store = createFileStore(path.join(dir, 'keys'));
  const set = (scope: 'owner' | 'organization', name: string, value: string) =>
    setSecret(store, { holder: { scope, name }, name: 'TOKEN', target: {}, value: Buffer.from(value), by: null });
  const readLog = async ({ step, offset }: LogRef) => {
    const part = Buffer.from(step === 'configure' ? text.slice(offset) : '');
    return { text: part, nextOffset: offset + part.length };
  };
  const openRuntime = () => fakeRuntime({ readLog });
  const client = fakeClient({ workspace: { status: async () => status(), build: async () => build() } });
  const logs = (...args: string[]) =>
    run(['logs', 'ada/dev', ...args], {
      client,
      openRuntime,
      settings: { dir, images: dir, by: null },
      pause: async () => undefined,
    });
  return { dir, set, logs };
}

test('The values of the owner and of the organization are hidden, also earlier ones in the log of an older build.', async () => {
  const { set, logs } = stack(`one ${VALUE}\ntwo\n${encoded}\n`);
  await set('owner', 'ada', VALUE);
  await set('owner', 'ada', 'another value');
  await set('organization', 'default', 'two\nnew lines');
  expect(await logs('--build', '1')).toEqual({ code: 0, out: 'one ***\ntwo\ndXNlcj***\n', error: '' });
  const json = await logs('--step', 'configure', '--json');
  expect(JSON.parse(json.out).logs[0].text).toBe('one ***\ntwo\ndXNlcj***\n');
});

test('A value that is set while a log is followed is hidden from then on, also when it comes in parts.', async () => {
  const parts = ['begin\n', `now ${VALUE}\nand ${VALUE.slice(0, 10)}`, '', `${VALUE.slice(10)}\nend`];
  const readLog = async ({ offset }: LogRef) => {
    const text = Buffer.from(offset === 0 || isAllowed ? (parts.shift() ?? '') : '');
    isAllowed = false;
    return { text, nextOffset: offset + text.length };
  };
  let isAllowed = false;
  const values: string[] = [];
  const log = { id: 'w1', organization: 'default', build: 1, step: 'configure' as const };
  const readValues = async () => ({ ...prepareValues([...values]), versions: values.join() });
  const follower = createLogFollower({ runtime: fakeRuntime({ readLog }), log, readValues });
  const read = () => {
    isAllowed = true;
    return follower.read();
  };
  expect(await read()).toBe('begin\n');
  values.push(VALUE);
  expect(await read()).toBe('now ***\n');
  expect([await read(), await read(), follower.end()]).toEqual(['', 'and ***\n', 'end']);
});

test('A log is not shown while the values to hide cannot be read.', async () => {
  const { dir, set, logs } = stack(`one ${VALUE}\n`);
  await set('owner', 'ada', VALUE);
  rmSync(path.join(dir, 'keys'), { recursive: true });
  writeFileSync(path.join(dir, 'keys'), 'no folder');
  const { code, out, error } = await logs();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(error).toMatch(/^perennial: RuntimeUnavailable: the log is not shown, since the secrets to mask in it cannot be read: /);
});
