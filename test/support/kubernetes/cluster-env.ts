import { randomBytes } from 'node:crypto';
import { type ApiConstructor, type ApiType, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { createKubernetesRuntime, type KubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { type ClusterApi, connectCluster } from '../../../src/runtimes/kubernetes/api/cluster-api';
import { MANAGED_SELECTOR } from '../../../src/runtimes/kubernetes/labels';
import { claimName } from '../../../src/runtimes/kubernetes/object-names';
import type { PodRef } from '../../../src/runtimes/runtime';
import { patiently, type RuntimeEnv } from '../runtimes/contract';
import { until } from '../until';

/** The cluster that the tests run on. */
export const KUBECONFIG = requireVariable('KUBECONFIG');
/** What a runtime is made with here: images may be on the nodes only. */
export const CLUSTER = { kubeconfig: KUBECONFIG, imagePullPolicy: 'IfNotPresent' } as const;
/** An image whose user is coder with uid 1000, another for the same user, and one whose user has uid 2000. */
export const IMAGE = requireVariable('PERENNIAL_TEST_IMAGE');
export const NEXT_IMAGE = requireVariable('PERENNIAL_TEST_NEXT_IMAGE');
export const OTHER_IMAGE = requireVariable('PERENNIAL_TEST_OTHER_IMAGE');
/** An image with its programs outside the usual folders, and with names that are not UTF-8. */
export const ODD_IMAGE = requireVariable('PERENNIAL_TEST_ODD_IMAGE');

const REGISTRY = IMAGE.slice(0, IMAGE.lastIndexOf('/'));

/** A runtime on separate namespaces. */
export interface ClusterEnv extends RuntimeEnv {
  runtime: KubernetesRuntime;
  api: ClusterApi;
  namespace: string;
}

/** Namespaces for one test file, to be ended after all its tests. */
export function openTestCluster() {
  const prefix = `t${randomBytes(3).toString('hex')}-`;
  const namespace = `${prefix}default`;
  const api = connectCluster({ kubeconfig: KUBECONFIG });
  return {
    namespace,
    api,
    prefix,
    /** `missing`: an image that a reachable registry reports as missing. */
    openEnv: async (missing = `${REGISTRY}/missing:1`): Promise<ClusterEnv> => openEnv({ api, prefix, namespace, missing }),
    end: async () => {
      await removeNamespace(api, namespace);
      api.close();
    },
  };
}

async function openEnv({
  api,
  prefix,
  namespace,
  missing,
}: {
  api: ClusterApi;
  prefix: string;
  namespace: string;
  missing: string;
}): Promise<ClusterEnv> {
  const make = () => createKubernetesRuntime({ ...CLUSTER, namespacePrefix: prefix });
  const runtime = make();
  const another = make();
  return {
    runtime,
    another,
    api,
    namespace,
    images: { good: IMAGE, otherUid: OTHER_IMAGE, missing },
    uid: 1000,
    lacks: ['memory of lost homes', 'logs without a pod'],
    losePod: (ref) => killMain(runtime, ref),
    loseHome: async (id) => {
      const at = { namespace, name: claimName(id) };
      const claim = await api.claims.read(at);
      await api.claims.delete({ ...at, uid: claim?.metadata?.uid ?? '' });
      await until('the claim is gone', async () => (await api.claims.read(at)) === null);
    },
    writeLog: async ({ step, ...ref }, text) => {
      const folder = `.perennial/logs/build-${ref.build}`;
      const script = `mkdir -p ${folder} && cat >${folder}/${step}.log`;
      await runtime.exec(ref, { argv: ['sh', '-c', script], stdin: text }, patiently().signal);
    },
    end: async () => {
      await Promise.all([runtime.close(), another.close()]);
      await empty(api, namespace);
    },
  };
}

/** Kills the main process: the second oldest in the pod, after the pause process. */
export async function killMain(runtime: KubernetesRuntime, ref: PodRef): Promise<void> {
  const script = 'set -- $(cd /proc && ls -d [0-9]* | sort -n); kill -9 "$2"';
  await runtime.exec(ref, { argv: ['sh', '-c', script] }, patiently().signal).catch(() => undefined);
  await until('the pod is lost', async () => (await runtime.observe(ref)).state === 'gone');
}

/** Removes all managed pods and claims, and waits until they are gone. */
export async function empty(api: ClusterApi, namespace: string): Promise<void> {
  const all = { namespace, labels: MANAGED_SELECTOR };
  for (const { metadata } of (await api.pods.list(all)).items)
    await api.pods.delete({ namespace, name: metadata?.name ?? '', uid: metadata?.uid ?? '', graceSeconds: 0 });
  for (const { metadata } of (await api.claims.list(all)).items)
    await api.claims.delete({ namespace, name: metadata?.name ?? '', uid: metadata?.uid ?? '' });
  const isEmpty = async () => (await api.pods.list(all)).items.length + (await api.claims.list(all)).items.length === 0;
  await until(`nothing is left in ${namespace}`, isEmpty);
}

async function removeNamespace(api: ClusterApi, name: string): Promise<void> {
  // No home was prepared where all tests of a file were left out.
  if ((await api.namespaces.read(name)) === null) return;
  await administer().deleteNamespace({ name });
  await until(`namespace ${name} is gone`, async () => (await api.namespaces.read(name)) === null, { patienceMs: 120_000 });
}

/** Calls with the administrator's credentials: what the tests do to the cluster, and the service never does. */
export function administer(): CoreV1Api;
export function administer<T extends ApiType>(api: ApiConstructor<T>): T;
export function administer(api: ApiConstructor<ApiType> = CoreV1Api): ApiType {
  const config = new KubeConfig();
  config.loadFromFile(KUBECONFIG);
  return config.makeApiClient(api);
}

function requireVariable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`expected ${name}; \`npm run test:kubernetes\` sets it, or says what is missing`);
  return value;
}
