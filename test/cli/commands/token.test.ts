import path from 'node:path';
import { createFileStore } from '../../../src/secrets/files';
import { createSigningKeys } from '../../../src/secrets/signing-keys';
import { verifyToken } from '../../../src/secrets/tokens';
import { fakeClient, fakeTemporal, NOW, run } from '../../support/cli/command-line';
import { createStackFolder, NAMESPACE_ID } from '../../support/cli/folder';

const dir = createStackFolder([]);
const getHandle = () => ({ describe: async () => ({ status: { name: 'COMPLETED' } }) });
const client = fakeClient({ temporal: fakeTemporal({ workflow: { getHandle } }) });
const token = (...args: string[]) => run(['token', 'create', ...args, '--dir', dir], { client });
const callerOf = (text: string) =>
  verifyToken(createSigningKeys(createFileStore(path.join(dir, 'keys')), NAMESPACE_ID), text.trim(), NOW);

test("An owner's token is printed alone, for an hour.", async () => {
  const ended = await token('--owner', 'ada');
  expect(ended).toMatchObject({ code: 0, error: '' });
  expect(await callerOf(ended.out)).toEqual({ kind: 'owner', owner: 'ada', subject: 'owner/ada', expiresAt: NOW + 3_600_000 });
});

test("A service's token has its scopes and organizations.", async () => {
  const args = ['--service', 'ci', '--scope', 'read,ping', '--organization', 'acme', '--organization', 'default'];
  const { out } = await token(...args, '--expires', '12h', '--json');
  const answer = JSON.parse(out);
  expect(answer).toEqual({ token: expect.any(String), subject: 'service/ci', expiresAt: '2027-03-01T22:00:00.000Z' });
  expect(await callerOf(answer.token)).toMatchObject({ scopes: ['ping', 'read'], organizations: ['acme', 'default'] });
  expect(await callerOf((await token('--service', 'ci', '--scope', 'admin')).out)).toMatchObject({ organizations: ['default'] });
});

test.each<[string[], string]>([
  [[], 'expected either --owner or --service'],
  [['--owner', 'ada', '--service', 'ci'], 'expected either --owner or --service'],
  [['--owner', 'ada', '--scope', 'read'], 'beside --service alone'],
  [['--service', 'ci'], 'expected --scope'],
  [['--service', 'ci', '--scope', 'write'], 'Expected any of ping,read,operate,admin'],
  [['--owner', 'ada', '--expires', 'soon'], 'Expected a duration from 1s to 90d'],
  [['--owner', 'ada', '--expires', '91d'], 'Expected a duration from 1s to 90d'],
])('`token create %j` is wrong usage.', async (args, message) => {
  expect(await token(...args)).toMatchObject({ code: 2, error: expect.stringContaining(message) });
});
