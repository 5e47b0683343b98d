import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CliContext, TemporalConfig } from '../../../src/cli/context';
import { fakeClient, run } from '../../support/cli/command-line';
import { createStackFolder } from '../../support/cli/folder';

const dir = createStackFolder([]);
const broken = createStackFolder([]);
const stack = {
  pid: 1,
  temporal: { address: 'localhost:4000', namespace: 'garden' },
  ui: 'http://localhost:4001',
  runtime: 'sandbox',
};
writeFileSync(path.join(dir, 'stack.json'), JSON.stringify(stack));

test('Without anything it is this machine and the namespace perennial.', async () => {
  expect(await targetOf([])).toEqual({ address: 'localhost:7233', namespace: 'perennial' });
});

test('A stack in DIR says where it answers, before or after the command.', async () => {
  const expected = { address: 'localhost:4000', namespace: 'garden' };
  expect(await targetOf(['--dir', dir])).toEqual(expected);
  expect(await targetOf([], { settings: { dir, images: '', by: null } })).toEqual(expected);
  expect(await targetOf(['--dir', dir, 'list'])).toEqual(expected);
  expect(await targetOf(['list', '--dir', dir])).toEqual(expected);
});

test("Temporal's own settings win over the stack, with their key and certificates.", async () => {
  const readTemporalConfig = () => ({
    namespace: 'cloud',
    connectionOptions: { address: 'cloud:7233', apiKey: 'key', tls: undefined } as unknown as TemporalConfig['connectionOptions'],
  });
  expect(await targetOf(['--dir', dir], { readTemporalConfig })).toEqual({
    address: 'cloud:7233',
    namespace: 'cloud',
    apiKey: 'key',
  });
});

test('An address without a namespace is that of perennial, not of the stack.', async () => {
  const readTemporalConfig = () => ({ connectionOptions: { address: 'cloud:7233' } });
  expect(await targetOf(['--dir', dir], { readTemporalConfig })).toEqual({ address: 'cloud:7233', namespace: 'perennial' });
});

test('Settings that name no address give the stack no key; a namespace on its own still counts.', async () => {
  const readTemporalConfig = () => ({ namespace: 'other', connectionOptions: { address: undefined, apiKey: 'key' } as never });
  expect(await targetOf(['--dir', dir], { readTemporalConfig })).toEqual({ address: 'localhost:4000', namespace: 'other' });
});

test('The options of the command line win over everything.', async () => {
  const readTemporalConfig = () => ({ namespace: 'cloud', connectionOptions: { address: 'cloud:7233' } });
  const args = ['--address', 'near:1', '--namespace', 'mine', '--dir', dir];
  expect(await targetOf(args, { readTemporalConfig })).toEqual({ address: 'near:1', namespace: 'mine' });
});

test('A stack file of another shape is refused by name.', async () => {
  writeFileSync(path.join(broken, 'stack.json'), '{"temporal":{}}');
  expect(await run(['list', '--dir', broken])).toMatchObject({
    code: 1,
    error: `perennial: Failed: ${path.join(broken, 'stack.json')}: expected { "temporal": { "address", "namespace" } }, got another shape\n`,
  });
});

test('No server, and a profile that cannot be read, exit with 1 and a sentence.', async () => {
  const connect = () => Promise.reject(new Error('no Temporal server answers at localhost:7233'));
  expect(await run(['list'], { connect })).toEqual({
    code: 1,
    out: '',
    error: 'perennial: Unavailable: no Temporal server answers at localhost:7233\n',
  });
  const readTemporalConfig = () => {
    throw new Error('Profile "x" not found');
  };
  expect(await run(['list'], { readTemporalConfig })).toMatchObject({
    code: 1,
    error: 'perennial: Failed: Profile "x" not found\n',
  });
});

test('The connection is closed at the end, well or not.', async () => {
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  await run(['list'], { client: fakeClient({ list: async () => [], close }) });
  await run(['list'], { client: fakeClient({ list: () => Promise.reject(new Error('away')), close }) });
  expect(closed).toBe(2);
});

/** Where `list` connects to. */
async function targetOf(args: string[], given: Partial<CliContext> = {}): Promise<unknown> {
  const targets: unknown[] = [];
  const connect: CliContext['connect'] = async (target) => {
    targets.push(target);
    return fakeClient({ list: async () => [] });
  };
  const line = args.includes('list') ? args : [...args, 'list'];
  expect(await run(line, { connect, ...given })).toMatchObject({ code: 0, error: '' });
  return targets[0];
}
