/** Everything that a cluster keeps: all objects of all kinds as its API shows them, and as they lie in etcd. */
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type CoreV1Api, Exec, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { until } from '../until';
import { administer, IMAGE, KUBECONFIG } from './cluster-env';
import { callApi } from './raw-call';

interface Found {
  kind: string;
  /** `namespace/name`, or the name alone. */
  name: string;
  /** As JSON, with the decoded data of a Secret after it. */
  text: string;
}

interface Item {
  metadata: { namespace?: string; name: string };
  data?: Record<string, string>;
}

interface ResourceList {
  resources: { name: string; kind: string; verbs: string[] }[];
}

/** By the administrator's credentials. */
export async function listAllObjects(): Promise<Found[]> {
  const config = new KubeConfig();
  config.loadFromFile(KUBECONFIG);
  const get = async <T>(path: string): Promise<T> => JSON.parse((await callApi(config, path)).body);
  const { groups } = await get<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis');
  const found: Found[] = [];
  for (const base of ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]) {
    const { resources } = await get<ResourceList>(base);
    for (const { name: plural, kind } of resources.filter(({ verbs }) => verbs.includes('list'))) {
      const { items = [] } = await get<{ items?: Item[] }>(`${base}/${plural}`);
      for (const { metadata, ...rest } of items) {
        const { namespace, name } = metadata;
        const data = kind === 'Secret' ? Object.values(rest.data ?? {}).map((text) => Buffer.from(text, 'base64')) : [];
        const text = [JSON.stringify({ metadata, ...rest }), ...data].join('\n');
        found.push({ kind, name: namespace === undefined ? name : `${namespace}/${name}`, text });
      }
    }
  }
  return found;
}

/** By a pod in the node's own network, where etcd of the tool's cluster answers without credentials. */
export async function listEtcd(): Promise<{ key: string; value: Buffer }[]> {
  const core = administer();
  const at = { namespace: 'default', name: `etcd-${randomBytes(3).toString('hex')}` };
  await core.createNamespacedPod({ namespace: at.namespace, body: podOfNode(at.name) });
  try {
    const isRunning = async () => (await core.readNamespacedPod(at)).status?.phase === 'Running';
    await until('the pod of the node runs', isRunning);
    const all = Buffer.of(0).toString('base64');
    const query = JSON.stringify({ key: all, range_end: all });
    const printed = await printOf(at, ['curl', '-sf', '-m', '30', 'http://127.0.0.1:2379/v3/kv/range', '-d', query]);
    const { kvs } = JSON.parse(printed) as { kvs: { key: string; value?: string }[] };
    return kvs.map(({ key, value = '' }) => ({
      key: Buffer.from(key, 'base64').toString(),
      value: Buffer.from(value, 'base64'),
    }));
  } finally {
    await remove(core, at);
  }
}

const podOfNode = (name: string): V1Pod => ({
  metadata: { name },
  spec: {
    hostNetwork: true,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', command: ['sleep', '600'] }],
  },
});

async function printOf({ namespace, name }: { namespace: string; name: string }, command: string[]): Promise<string> {
  const config = new KubeConfig();
  config.loadFromFile(KUBECONFIG);
  const [output, errors] = [new PassThrough(), new PassThrough()];
  errors.resume();
  const printed = text(output);
  const socket = await new Exec(config).exec(namespace, name, 'main', command, output, errors, null, false);
  socket.on('close', () => output.end());
  return printed;
}

const remove = (core: CoreV1Api, at: { namespace: string; name: string }) =>
  core.deleteNamespacedPod({ ...at, gracePeriodSeconds: 0 });
