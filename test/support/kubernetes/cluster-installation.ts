import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CoreV1Api, KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { until } from '../until';
import { KUBECONFIG } from './cluster-env';
import { build, type Manifest } from './kustomize';
import { applyManifest } from './server-side-apply';

const FOLDER = path.join(__dirname, '..', '..', '..', 'deploy', 'kubernetes');
const WHOLE = ['worker', 'organization', 'example'];

/** deploy/kubernetes, by default under names of its own, so that an installation on the same cluster is not touched. */
export interface Installation {
  prefix: string;
  namespaces: { system: string; organization: string; other: string };
  serviceAccount: string;
  manifests: Manifest[];
  /** With the administrator's credentials. */
  core: CoreV1Api;
  /** With `All`, only asks the server. */
  apply(manifest: Manifest, dryRun?: 'All'): Promise<Manifest>;
  /** The path of a kubeconfig of the worker's service account, with a token such as its pod gets. */
  logIn(): Promise<string>;
  /** Removes all objects. */
  end(): Promise<void>;
}

/** Applies the namespaces and the objects in them, but no Deployment. */
export async function install({ prefix = `t${randomBytes(3).toString('hex')}` } = {}): Promise<Installation> {
  const manifests = WHOLE.flatMap((name) => renamed(build(path.join(FOLDER, name)), prefix));
  const made = manifests.filter(({ kind }) => kind !== 'Deployment');
  const administrator = new KubeConfig();
  administrator.loadFromFile(KUBECONFIG);
  const core = administrator.makeApiClient(CoreV1Api);
  const objects = KubernetesObjectApi.makeApiClient(administrator);
  const apply = (manifest: Manifest, dryRun?: 'All') => applyManifest(administrator, manifest, dryRun);
  for (const manifest of made) await apply(manifest);
  const system = `${prefix}-system`;
  const serviceAccount = `${prefix}-worker`;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-role-'));
  return {
    prefix,
    namespaces: { system, organization: `${prefix}-default`, other: `${prefix}-acme` },
    serviceAccount,
    manifests,
    core,
    apply,
    logIn: () => logIn({ core, cluster: administrator.getCurrentCluster(), namespace: system, serviceAccount, folder }),
    end: async () => {
      rmSync(folder, { recursive: true });
      for (const manifest of made.filter(isRemovedByItself)) await objects.delete(manifest);
      await until(`the namespaces of ${prefix} are gone`, async () => !(await isLeft(core, prefix)), { patienceMs: 120_000 });
    },
  };
}

function renamed(all: Manifest[], prefix: string): Manifest[] {
  return JSON.parse(JSON.stringify(all).replace(/"perennial-(system|default|acme|worker)"/g, `"${prefix}-$1"`));
}

/** Other objects are removed with their namespace. */
const isRemovedByItself = ({ kind, metadata }: Manifest) => kind === 'Namespace' || metadata.namespace === undefined;

async function isLeft(core: CoreV1Api, prefix: string): Promise<boolean> {
  const { items } = await core.listNamespace();
  return items.some(({ metadata }) => metadata?.name?.startsWith(`${prefix}-`));
}

async function logIn(login: {
  core: CoreV1Api;
  cluster: ReturnType<KubeConfig['getCurrentCluster']>;
  namespace: string;
  serviceAccount: string;
  folder: string;
}): Promise<string> {
  const { core, cluster, namespace, serviceAccount: name, folder } = login;
  const body = { spec: { audiences: [], expirationSeconds: 3_600 } };
  const { status } = await core.createNamespacedServiceAccountToken({ namespace, name, body });
  if (!cluster || !status) throw new Error(`expected a cluster and a token of ${namespace}/${name}, got neither`);
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, { name, token: status.token });
  const file = path.join(folder, 'kubeconfig.json');
  writeFileSync(file, config.exportConfig(), { mode: 0o600 });
  return file;
}
