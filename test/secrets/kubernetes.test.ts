/** The Kubernetes store before an API server of the test's own; test/end-to-end/kubernetes/secret-store.test.ts has a real one. */
import { createKubernetesStore } from '../../src/secrets/kubernetes';
import { Conflict, type RecordKey, type SecretStore } from '../../src/secrets/store';
import { refusal } from '../support/kubernetes/api-server';
import { storeContract } from '../support/secrets/contract';
import { type SecretsServer, startSecretsServer } from '../support/secrets/secrets-server';

const KEY: RecordKey = { kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' };
const CANARY = 'canary-value';
const RECORD = { value: Buffer.from(CANARY), description: { by: 'ada' } };

const openOn = ({ kubeconfig }: SecretsServer): SecretStore =>
  createKubernetesStore({ kubeconfig, installation: 'installation-1' });

storeContract('kubernetes', async () => {
  const server = await startSecretsServer();
  const [store, other] = [openOn(server), openOn(server)];
  return {
    store,
    other: () => other,
    end: async () => {
      await Promise.all([store.close(), other.close()]);
      await server.end();
    },
  };
});

describe('Calls to the API server', () => {
  let server: SecretsServer;
  let store: SecretStore;
  beforeEach(async () => {
    server = await startSecretsServer();
    store = openOn(server);
  });
  afterEach(async () => {
    await store.close();
    await server.end();
  });

  test('A list asks for metadata, and no answer of it has a value.', async () => {
    await store.put(KEY, RECORD);
    server.asked.length = 0;
    expect(await store.list({ kind: 'secret', holder: 'owner/ada' })).toHaveLength(1);
    expect(server.asked).toMatchObject([
      {
        verb: 'GET',
        path: '/api/v1/namespaces/perennial-system/secrets',
        headers: { accept: expect.stringMatching(/PartialObjectMetadataList/) },
      },
    ]);
  });

  test('Paths and queries have no value and no name of a record.', async () => {
    await store.put(KEY, RECORD);
    await store.get(KEY);
    const urls = server.asked.map(({ path, query }) => `${path}?${query}`).join('\n');
    expect(urls).not.toMatch(/NPM_TOKEN|canary/);
  });

  test.each(['create', 'replace'])('A %s whose answer was lost happens once, and is no conflict.', async (verb) => {
    if (verb === 'replace') await store.put(KEY, RECORD);
    const before = verb === 'replace' ? 1 : 0;
    server.loseNextAnswer();
    expect((await store.put(KEY, RECORD, before)).version).toBe(before + 1);
    expect((await store.get(KEY))?.version).toBe(before + 1);
  });

  test('An object that is removed by hand in the middle of a change is created again.', async () => {
    await store.put(KEY, RECORD);
    const [name = ''] = server.objects.keys();
    server.objects.delete(name);
    expect(await store.put(KEY, RECORD)).toMatchObject({ version: 1 });
  });

  test('While the server is away every call fails with RuntimeUnavailable, and no message has a value.', async () => {
    await store.put(KEY, RECORD);
    server.setAway(true);
    const failures = await Promise.all(
      [store.get(KEY), store.put(KEY, RECORD), store.delete(KEY), store.list({ kind: 'secret', holder: 'owner/ada' })].map(
        (call) => call.catch((error: unknown) => error),
      ),
    );
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'RuntimeFailure', type: 'RuntimeUnavailable' });
      expect(JSON.stringify([String(failure), (failure as Error).stack, (failure as Error).cause])).not.toContain(CANARY);
    }
    server.setAway(false);
    expect((await store.get(KEY))?.value.toString()).toBe(CANARY);
  });

  test.each([
    [403, 'Forbidden', 'User "worker" cannot get resource "secrets"'],
    [500, 'InternalError', 'etcd is away'],
    [404, 'NotFound', 'namespaces "perennial-system" not found'],
  ])('A put that is refused with %i fails with RuntimeUnavailable and the reason.', async (status, reason, message) => {
    server.answer(refusal(404, 'NotFound', 'not found'), refusal(status, reason, message));
    const put = store.put(KEY, RECORD);
    await expect(put).rejects.toMatchObject({ type: 'RuntimeUnavailable', message: expect.stringContaining(message) });
    await expect(put).rejects.not.toBeInstanceOf(Conflict);
  });

  test('An object whose annotations were changed by hand is no missing record, and is not quoted.', async () => {
    await store.put(KEY, RECORD);
    for (const object of server.objects.values())
      object.metadata = { ...object.metadata, ...{ annotations: { canary: CANARY } } };
    const error = await store.get(KEY).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ type: 'RuntimeUnavailable', message: expect.stringMatching(/is damaged/) });
    expect(String(error)).not.toContain(CANARY);
    await expect(store.list({ kind: 'secret', holder: 'owner/ada' })).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
  });
});
