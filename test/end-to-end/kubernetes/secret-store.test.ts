/** The store in a cluster, with the credentials of the worker's service account and nothing beyond what deploy/kubernetes gives it. */
import { randomUUID } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { connectCluster } from '../../../src/runtimes/kubernetes/api/cluster-api';
import { createKubernetesStore } from '../../../src/secrets/kubernetes';
import type { RecordKey, SecretStore } from '../../../src/secrets/store';
import { type Installation, install } from '../../support/kubernetes/cluster-installation';
import { storeContract } from '../../support/secrets/contract';
import { until } from '../../support/until';

const KEY: RecordKey = { kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' };
const CANARY = 'canary-value';
const RECORD = { value: Buffer.from(CANARY), description: { by: 'ada' } };

let installation: Installation;
let kubeconfig: string;
const open = (id: string): SecretStore =>
  createKubernetesStore({ kubeconfig, namespace: installation.namespaces.system, installation: id });

beforeAll(async () => {
  installation = await install();
  kubeconfig = await installation.logIn();
  await until('the role holds', () =>
    open('none')
      .list({ kind: 'secret', holder: 'installation' })
      .then(
        () => true,
        () => false,
      ),
  );
});

afterAll(() => installation.end());

storeContract('kubernetes', async () => {
  const id = randomUUID();
  const stores = [open(id), open(id)];
  return {
    store: stores[0] as SecretStore,
    other: () => stores[1] as SecretStore,
    end: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
});

test('Two installations in one namespace do not see each other.', async () => {
  const [one, two] = [open(randomUUID()), open(randomUUID())];
  await one.put(KEY, RECORD);
  expect(await two.get(KEY)).toBeNull();
  expect(await two.list({ kind: 'secret', holder: 'owner/ada' })).toEqual([]);
  expect((await two.put(KEY, RECORD, 0)).version).toBe(1);
  await Promise.all([one.close(), two.close()]);
});

test('The value is in the data alone, and a deleted record has none.', async () => {
  const store = open(randomUUID());
  await store.put({ ...KEY, holder: 'owner/carol' }, RECORD);
  const { namespace, mine } = await mineOf('owner.carol');
  expect(mine).toHaveLength(1);
  expect(mine[0]?.metadata?.name).toMatch(/^perennial-key-[0-9a-f]{40}$/);
  expect(JSON.stringify(mine[0]?.metadata)).not.toMatch(new RegExp(`${CANARY}|${Buffer.from(CANARY).toString('base64')}`));
  expect(mine[0]?.data).toEqual({ value: Buffer.from(CANARY).toString('base64') });
  await store.delete({ ...KEY, holder: 'owner/carol' });
  expect((await mineOf('owner.carol')).mine[0]?.data ?? {}).toEqual({});
  expect(namespace).toBe(installation.namespaces.system);
  await store.close();
});

test('A record whose annotations were changed by hand is no missing record.', async () => {
  const store = open(randomUUID());
  const key = { ...KEY, holder: 'owner/eve' };
  await store.put(key, RECORD);
  const { namespace, mine } = await mineOf('owner.eve');
  const [object] = mine;
  const { 'perennial/record-version': _, ...annotations } = object?.metadata?.annotations ?? {};
  await installation.core.replaceNamespacedSecret({
    namespace,
    name: object?.metadata?.name ?? '',
    body: { ...object, metadata: { ...object?.metadata, annotations } } as V1Secret,
  });
  await expect(store.get(key)).rejects.toMatchObject({ type: 'RuntimeUnavailable', message: expect.stringContaining('damaged') });
  await store.close();
});

test('The service account writes no Secret with another name, and reads none elsewhere.', async () => {
  const api = connectCluster({ kubeconfig });
  const { system, organization } = installation.namespaces;
  const foreign = (name: string) => api.secrets.create(system, { metadata: { name }, data: {} });
  await until('the policy holds', async () => {
    const refused = await foreign(`other-${randomUUID()}`).then(
      () => '',
      (error: Error) => error.message,
    );
    return refused.includes('perennial-key-');
  });
  await expect(api.secrets.listMetadata({ namespace: organization, labels: '' })).rejects.toThrow(/cannot list/);
  await expect(api.secrets.read({ namespace: 'kube-system', name: 'any' })).rejects.toThrow(/cannot get/);
  api.close();
});

test('A namespace that is not there is a failure to be retried, and its records are not there.', async () => {
  const store = createKubernetesStore({
    kubeconfig: process.env.KUBECONFIG ?? null,
    namespace: `missing-${randomUUID()}`,
    installation: 'x',
  });
  expect(await store.get(KEY)).toBeNull();
  await expect(store.put(KEY, RECORD)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
  await store.close();
});

async function mineOf(holder: string): Promise<{ namespace: string; mine: V1Secret[] }> {
  const namespace = installation.namespaces.system;
  const labelSelector = `perennial/record-holder=${holder}`;
  const { items } = await installation.core.listNamespacedSecret({ namespace, labelSelector });
  return { namespace, mine: items };
}
