import {
  ApiException,
  CoreV1Api,
  type CoreV1Event,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1Namespace,
  type V1ObjectMeta,
  type V1PersistentVolumeClaim,
  type V1Pod,
  type V1Secret,
} from '@kubernetes/client-node';
import type WebSocket from 'ws';
import { ApiFailure, noAnswer, readAnswer } from './api-error';
import { type Access, accessOf } from './credentials';
import { loadKubeconfig } from './kubeconfig';
import { openTransport } from './transport';
import { type WatchEvent, type WatchRequest, watchObjects } from './watch-stream';
import { openSocket } from './websocket';

const TIMEOUT_MS = 15_000;
const PAGE = 500;

interface ObjectName {
  namespace: string;
  name: string;
}

interface Selection {
  namespace: string;
  labels: string;
}

/** All calls to the API server; the worker's role has to allow them. All reject with `ApiFailure`. */
export interface ClusterApi {
  readonly pods: {
    /** Null when the pod certainly does not exist. */
    read(at: ObjectName): Promise<V1Pod | null>;
    create(namespace: string, pod: V1Pod): Promise<V1Pod>;
    /** Deletes the pod of this uid; success also where it is gone, or the name belongs to another uid. */
    delete(at: ObjectName & { uid: string; graceSeconds: number }): Promise<void>;
    list(at: Selection): Promise<{ items: V1Pod[]; resourceVersion: string }>;
    /** Resolves when the server ends it; rejects with status 410 when the version is too old, with null when the connection is lost. */
    watch(at: WatchRequest, onEvent: (event: WatchEvent<V1Pod>) => void): Promise<void>;
  };
  readonly claims: {
    read(at: ObjectName): Promise<V1PersistentVolumeClaim | null>;
    create(namespace: string, claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim>;
    delete(at: ObjectName & { uid: string }): Promise<void>;
    list(at: Selection): Promise<{ items: V1PersistentVolumeClaim[]; resourceVersion: string }>;
    merge(at: ObjectName, patch: object): Promise<V1PersistentVolumeClaim>;
  };
  readonly namespaces: {
    read(name: string): Promise<V1Namespace | null>;
    create(namespace: V1Namespace): Promise<V1Namespace>;
    merge(name: string, patch: object): Promise<V1Namespace>;
    list(labels: string): Promise<V1Namespace[]>;
  };
  readonly events: {
    /** The version from which a watch reports events from now on. */
    now(namespace: string): Promise<string>;
    watch(at: WatchRequest, onEvent: (event: WatchEvent<CoreV1Event>) => void): Promise<void>;
  };
  /** Keys and secrets, which no runtime asks for. */
  readonly secrets: {
    read(at: ObjectName): Promise<V1Secret | null>;
    create(namespace: string, secret: V1Secret): Promise<V1Secret>;
    /** Fails with status 409 where the resource version of the secret is not the present one. */
    replace(at: ObjectName, secret: V1Secret): Promise<V1Secret>;
    /** Their metadata: the server sends no values. */
    listMetadata(at: Selection): Promise<V1ObjectMeta[]>;
  };
  readonly networkPolicies: { apply(namespace: string, policy: { metadata: { name: string } }): Promise<void> };
  /** Opens a WebSocket to a path of the server, for commands and terminals. */
  socket(path: string, protocols: string[]): Promise<WebSocket>;
  /** How many calls were made, by verb and kind, such as `GET pods`. */
  readonly calls: ReadonlyMap<string, number>;
  close(): void;
}

/** Opens no connection before the first call. Throws a sentence when the kubeconfig is wrong. */
export function connectCluster(options: { kubeconfig?: string; context?: string; timeoutMs?: number }): ClusterApi {
  const access = accessOf(loadKubeconfig(options));
  const connection = { access, timeoutMs: options.timeoutMs ?? TIMEOUT_MS };
  const transport = openTransport(access, connection.timeoutMs);
  const core = new CoreV1Api(transport.configuration);
  const networking = new NetworkingV1Api(transport.configuration);
  const ask = <T>(call: () => Promise<T>) => translateErrors(connection, call);
  const merging = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  const applying = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  return {
    pods: {
      read: (at) => orNull(ask(() => core.readNamespacedPod(at))),
      create: (namespace, body) => ask(() => core.createNamespacedPod({ namespace, body })),
      delete: ({ uid, graceSeconds, ...at }) =>
        orGone(
          ask(() => core.deleteNamespacedPod({ ...at, body: { preconditions: { uid }, gracePeriodSeconds: graceSeconds } })),
        ),
      list: (at) => ask(() => allPages((page) => core.listNamespacedPod({ ...selection(at), ...page }))),
      watch: (at, onEvent) => {
        transport.count('WATCH pods');
        return watchObjects(connection, { ...at, plural: 'pods', model: 'V1Pod' }, onEvent);
      },
    },
    claims: {
      read: (at) => orNull(ask(() => core.readNamespacedPersistentVolumeClaim(at))),
      create: (namespace, body) => ask(() => core.createNamespacedPersistentVolumeClaim({ namespace, body })),
      delete: ({ uid, ...at }) =>
        orGone(ask(() => core.deleteNamespacedPersistentVolumeClaim({ ...at, body: { preconditions: { uid } } }))),
      list: (at) => ask(() => allPages((page) => core.listNamespacedPersistentVolumeClaim({ ...selection(at), ...page }))),
      merge: (at, body) => ask(() => core.patchNamespacedPersistentVolumeClaim({ ...at, body }, merging)),
    },
    namespaces: {
      read: (name) => orNull(ask(() => core.readNamespace({ name }))),
      create: (body) => ask(() => core.createNamespace({ body })),
      merge: (name, body) => ask(() => core.patchNamespace({ name, body }, merging)),
      list: async (labelSelector) => (await ask(() => allPages((page) => core.listNamespace({ labelSelector, ...page })))).items,
    },
    events: {
      now: async (namespace) =>
        (await ask(() => core.listNamespacedEvent({ namespace, limit: 1 }))).metadata?.resourceVersion ?? '',
      watch: (at, onEvent) => {
        transport.count('WATCH events');
        return watchObjects(connection, { ...at, plural: 'events', model: 'CoreV1Event' }, onEvent);
      },
    },
    secrets: {
      read: (at) => orNull(ask(() => core.readNamespacedSecret(at))),
      create: (namespace, body) => ask(() => core.createNamespacedSecret({ namespace, body })),
      replace: (at, body) => ask(() => core.replaceNamespacedSecret({ ...at, body })),
      listMetadata: async (at) => {
        const list = await ask(() => allPages((page) => core.listNamespacedSecret({ ...selection(at), ...page }, metadataOnly)));
        return list.items.map(({ metadata }) => metadata ?? {});
      },
    },
    networkPolicies: {
      apply: async (namespace, body) => {
        const patch = { namespace, name: body.metadata.name, body, fieldManager: 'perennial', force: true };
        await ask(() => networking.patchNamespacedNetworkPolicy(patch, applying));
      },
    },
    socket: (path, protocols) => {
      transport.count(`SOCKET ${/\/(pods\/)[^/]+\/([a-z]+)/.exec(path)?.slice(1).join('') ?? ''}`);
      return openSocket(connection, path, protocols);
    },
    calls: transport.calls,
    close: transport.close,
  };
}

/** The kind of answer that has no values of secrets. */
const metadataOnly = setHeaderOptions('Accept', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');

const selection = ({ namespace, labels }: Selection) => ({ namespace, labelSelector: labels });

/** The library's error holds all headers of the answer. Any other error is a bug, and stays as it is. */
async function translateErrors<T>(
  { access, timeoutMs }: { access: Access; timeoutMs: number },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiException) throw readAnswer(error.code, typeof error.body === 'string' ? error.body : '');
    if (error instanceof SyntaxError) throw noAnswer(access.name, error, timeoutMs);
    throw error;
  }
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  }
}

/** A conflict means that the name belongs to another uid. */
async function orGone(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof ApiFailure) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}

interface Page<T> {
  items: T[] | null;
  metadata?: { _continue?: string; resourceVersion?: string };
}

async function allPages<T>(call: (page: { limit: number; _continue?: string }) => Promise<Page<T>>) {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const { items: part, metadata } = await call({ limit: PAGE, ...(next === undefined ? {} : { _continue: next }) });
    // A list of metadata alone has null in the place of an empty array.
    items.push(...(part ?? []));
    next = metadata?._continue || undefined;
    if (next === undefined) return { items, resourceVersion: metadata?.resourceVersion ?? '' };
  }
}
