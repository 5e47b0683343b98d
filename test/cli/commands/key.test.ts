import path from 'node:path';
import type { WorkspaceHandle, WorkspaceSummary } from '../../../src/client';
import { createFileStore } from '../../../src/secrets/files';
import { findOwnerKey } from '../../../src/secrets/owner-key';
import { fakeClient, fakeTemporal, NOW, run, status } from '../../support/cli/command-line';
import { createStackFolder } from '../../support/cli/folder';

const dir = createStackFolder([]);
const storedKey = () => findOwnerKey(createFileStore(path.join(dir, 'keys')), 'ada');

test('The public key is made on first use and stays, and no private key is printed.', async () => {
  const { client } = workspaces({});
  const first = await run(['key', 'show', 'ada', '--dir', dir], { client });
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^ssh-ed25519 \S+ ada@perennial\n$/) });
  const { out } = await run(['key', 'show', 'ada', '--dir', dir, '--json'], { client });
  const key = await storedKey();
  expect(JSON.parse(out)).toEqual({
    owner: 'ada',
    publicKey: first.out.trim(),
    fingerprint: key?.fingerprint,
    version: 1,
    createdAt: key?.createdAt,
  });
});

test('A rotation waits until each running workspace reports the new key; one without a key does not count.', async () => {
  const { client, sent, clock } = workspaces({
    dev: async () => (clock.at > NOW + 3_000 ? ((await storedKey())?.fingerprint ?? '') : 'SHA256:old'),
    web: async () => (await storedKey())?.fingerprint ?? '',
    none: async () => null,
  });
  const before = (await storedKey())?.fingerprint;
  const ended = await run(['key', 'rotate', 'ada', '--dir', dir], { client, ...clock.context });
  const key = await storedKey();
  expect(key?.fingerprint).not.toBe(before);
  expect(ended).toEqual({
    code: 0,
    error: '',
    out: `${key?.publicKey}\nada/dev has ${key?.fingerprint}\nada/web has ${key?.fingerprint}\n`,
  });
  expect(sent).toHaveLength(6);
});

test('After a minute a rotation says who has an earlier key or does not answer, and exits with 1.', async () => {
  const { client, clock } = workspaces({
    dev: async () => 'SHA256:old',
    lost: async () => Promise.reject(new Error('no worker')),
    web: async () => (await storedKey())?.fingerprint ?? '',
  });
  const ended = await run(['key', 'rotate', 'ada', '--dir', dir, '--json'], { client, ...clock.context });
  expect(ended.code).toBe(1);
  expect(JSON.parse(ended.out)).toMatchObject({ delivered: ['ada/web'], holding: ['ada/dev', 'ada/lost'], owner: 'ada' });
  expect(clock.at - NOW).toBe(60_000);
  expect(ended.out + ended.error).not.toContain('PRIVATE');
});

/** Running workspaces of ada with the key that each reports, and a clock that only the pauses move. */
function workspaces(keys: Record<string, () => Promise<string | null>>) {
  const sent: string[] = [];
  async function* listed() {
    for (const name of Object.keys(keys)) yield { workflowId: `workspace/ada/${name}`, searchAttributes: {} };
  }
  const getHandle = (workflowId: string) => ({
    describe: async () => ({ status: { name: 'COMPLETED' } }),
    signal: async () => sent.push(workflowId),
  });
  const client = fakeClient({
    temporal: fakeTemporal({ workflow: { list: listed, getHandle } }),
    list: async () => Object.keys(keys).map((name) => ({ workspace: `ada/${name}` }) as WorkspaceSummary),
  });
  client.workspace = (_owner, name) =>
    ({ status: async () => ({ ...status(), sshKey: await keys[name]?.() }) }) as unknown as WorkspaceHandle;
  const clock = {
    at: NOW,
    context: {
      now: () => clock.at,
      pause: async (durationMs: number) => {
        clock.at += durationMs;
      },
    },
  };
  return { client, sent, clock };
}
