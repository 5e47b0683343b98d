/** The store on Kubernetes: one Secret for each record, in one namespace of Perennial's own. Any number of processes may use it at once. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../runtimes/failure';
import { ApiFailure } from '../../runtimes/kubernetes/api/api-error';
import { type ClusterApi, connectCluster } from '../../runtimes/kubernetes/api/cluster-api';
import { checkHolder, checkKey, checkRecord, describeKey } from '../record-key';
import { Conflict, type NewRecord, type PutAnswer, type RecordKey, type SecretStore } from '../store';
import { type FoundRecord, objectNameOf, readMetadata, readObject, selectorOf, toObject, toStored } from './record-object';

/** The namespace where none is named. */
export const SECRETS_NAMESPACE = 'perennial-system';

/** Which cluster, and where in it. */
export interface KubernetesStoreOptions {
  /** The file with the cluster's address and credentials; null is the cluster that this process runs in. */
  kubeconfig: string | null;
  /** A context of the kubeconfig; its current one by default. */
  context?: string;
  /** The namespace of the records, which has to exist; `perennial-system` by default. */
  namespace?: string;
  /** The id of the Temporal namespace: several Perennials may share a cluster. */
  installation: string;
  /** A clock in epoch milliseconds. */
  now?: () => number;
}

interface Context {
  api: ClusterApi;
  namespace: string;
  installation: string;
  now: () => number;
}

/** Writers that lose against others read and write again, this often at most. */
const ATTEMPTS = 30;
const MAX_PAUSE_MS = 200;

/** Opens no connection before the first call. Throws a sentence when the kubeconfig is wrong. */
export function createKubernetesStore(options: KubernetesStoreOptions): SecretStore {
  const { kubeconfig, context: name, namespace = SECRETS_NAMESPACE, installation, now = Date.now } = options;
  const api = connectCluster({
    ...(kubeconfig === null ? {} : { kubeconfig }),
    ...(name === undefined ? {} : { context: name }),
  });
  const context: Context = { api, namespace, installation, now };
  return {
    name: 'kubernetes',
    async get(key) {
      checkKey(key);
      const found = await find(context, key);
      return found === null ? null : toStored(found);
    },
    async put(key, record, expected) {
      checkKey(key);
      checkRecord(key, record);
      const written = await change(context, { key, expected }, () => record);
      return { version: written?.version ?? 0, at: written?.at ?? 0 };
    },
    async delete(key, expected) {
      checkKey(key);
      const isThere = (found: FoundRecord | null) => found !== null && found.value !== null;
      await change(context, { key, expected }, (found) => (isThere(found) ? { value: null, description: {} } : null));
    },
    async list(of) {
      checkHolder(of);
      const labels = selectorOf(of, installation);
      const all = await asking(`the records of ${of.holder}`, () => api.secrets.listMetadata({ namespace, labels }));
      return all.map((metadata) => readMetadata(of, metadata)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    close: async () => api.close(),
  };
}

/** Writes what `next` makes of the present record; null changes nothing. */
async function change(
  context: Context,
  { key, expected }: { key: RecordKey; expected: number | undefined },
  next: (found: FoundRecord | null) => (Omit<NewRecord, 'value'> & { value: Buffer | null }) | null,
): Promise<PutAnswer | null> {
  // The transport repeats a call whose answer was lost; the repetition is refused, though the record is written.
  const write = randomUUID();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const found = await find(context, key);
    if (found?.write === write) return found;
    const present = found === null || found.value === null ? 0 : found.version;
    if (expected !== undefined && expected !== present) {
      throw new Conflict(`${describeKey(key)}: expected version ${expected}, got ${present}`);
    }
    const record = next(found);
    if (record === null) return null;
    const answer = { version: (found?.version ?? 0) + 1, at: context.now() };
    if (await tryWrite(context, { key, found, record: { ...record, ...answer, write } })) return answer;
    await delay(Math.random() * MAX_PAUSE_MS);
  }
  throw new RuntimeFailure('RuntimeUnavailable', `${describeKey(key)}: other writers were first ${ATTEMPTS} times`);
}

/** False where another writer was first. */
async function tryWrite(
  { api, namespace, installation }: Context,
  given: { key: RecordKey; found: FoundRecord | null; record: Omit<FoundRecord, 'name' | 'resourceVersion'> },
): Promise<boolean> {
  const { key, found, record } = given;
  const object = toObject(key, record, { installation, resourceVersion: found?.resourceVersion ?? null });
  const at = { namespace, name: objectNameOf(key, installation) };
  try {
    await asking(describeKey(key), () =>
      found === null ? api.secrets.create(namespace, object) : api.secrets.replace(at, object),
    );
    return true;
  } catch (error) {
    const status = error instanceof RuntimeFailure ? statusOf(error.cause) : null;
    // An object that vanished was removed by hand; a missing namespace is no conflict.
    if (status === 409 || (status === 404 && found !== null)) return false;
    throw error;
  }
}

async function find({ api, namespace, installation }: Context, key: RecordKey): Promise<FoundRecord | null> {
  const at = { namespace, name: objectNameOf(key, installation) };
  const object = await asking(describeKey(key), () => api.secrets.read(at));
  return object === null ? null : readObject(key, object);
}

/** An error of the API server holds nothing of the request. */
async function asking<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw new RuntimeFailure('RuntimeUnavailable', `${what}: ${error.message}`, { cause: error });
  }
}

const statusOf = (error: unknown): number | null => (error instanceof ApiFailure ? error.status : null);
