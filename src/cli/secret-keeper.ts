/** Who keeps secrets and keys for a command: the gateway, or the store itself where this machine or its kubeconfig has it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { installationOf } from '../client/installation';
import { awaitKeyDelivery } from '../client/key-delivery';
import { changeSecrets } from '../client/secrets-changed';
import type { Runtime } from '../runtimes/runtime';
import { checkInstallation } from '../runtimes/sandbox';
import { deleteSecret, listSecrets, type SecretHolder, setSecret } from '../secrets/named-secrets';
import { ownerKey, rotateOwnerKey, viewOf } from '../secrets/owner-key';
import type { SecretStore } from '../secrets/store';
import type { CliContext } from './context';
import { CliFailure } from './failure';
import type { SecretKeeper } from './keeper';
import { isServedByCluster } from './runtime-access';
import { inSession, type Printer, type Session } from './session';

/** How long a rotation may take to reach a workspace. */
const DELIVERY_LIMIT_MS = 60_000;

/** Opens the keeper that the options and the environment name, does the work, and lets go of it. */
export function withKeeper(
  { context, command }: { context: CliContext; command: Command },
  work: (keeper: SecretKeeper, printer: Printer) => Promise<void>,
): Promise<void> {
  return inSession({ context, command, throughGateway: true }, async (session) => {
    if (session.gateway === null) return withStore(session, (store) => work(createStoreKeeper(session, store), session));
    const { createGatewayKeeper } = await import('./gateway/secret-keeper.js');
    return work(createGatewayKeeper(session.gateway), session);
  });
}

/**
 * Opens the store that serves the namespace, or the one beside a runtime that is known already.
 * @throws NotFound where this machine has none; NotAllowed where DIR belongs to another Temporal namespace
 */
export async function withStore<T>(
  session: Session,
  work: (store: SecretStore) => Promise<T>,
  runtime?: Pick<Runtime, 'name'>,
): Promise<T> {
  const store = await openStore(session, runtime);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function openStore(session: Session, runtime?: Pick<Runtime, 'name'>): Promise<SecretStore> {
  const { client, dir } = session;
  const { setting, openFiles, openCluster } = session.context.stores;
  const installation = await installationOf(client.temporal);
  // An embedded stack keeps its secrets in its folder, also where its workspaces run on a cluster.
  if (setting === null && (await isOfInstallation(dir, installation))) return openFiles(path.join(dir, 'keys'));
  const isServed = () => (runtime ? runtime.name === 'kubernetes' : isServedByCluster(session));
  const isOfCluster = setting === null ? await isServed() : setting === 'kubernetes';
  if (openCluster !== null && isOfCluster) return openCluster(installation);
  // A store in a wrong folder would be a second one, which no worker reads.
  if (isOfCluster || (setting === null && !existsSync(path.join(dir, 'namespace.json')))) {
    const expected = 'expected a cluster (KUBECONFIG) or the folder of an embedded stack (--dir or PERENNIAL_DIR)';
    throw new CliFailure('NotFound', `${dir}: ${expected}, to open the store of secrets and keys`);
  }
  if (setting === null) await checkInstallation(dir, installation);
  return openFiles(path.join(dir, 'keys'));
}

const isOfInstallation = (dir: string, installation: string): Promise<boolean> =>
  checkInstallation(dir, installation).then(
    () => true,
    () => false,
  );

function createStoreKeeper({ context, client }: Session, store: SecretStore): SecretKeeper {
  const change = <T>({ scope, name }: SecretHolder, work: () => Promise<T>) =>
    changeSecrets(client.temporal, scope === 'owner' ? { owner: name } : { organization: name }, work);
  return {
    list: (holder) => listSecrets(store, holder),
    set: (holder, secret) => change(holder, () => setSecret(store, { holder, ...secret })),
    delete: async (holder, secret) => {
      await change(holder, () => deleteSecret(store, { holder, ...secret }));
    },
    showKey: async (owner) => viewOf(await ownerKey(store, owner)),
    rotateKey: async (owner) => {
      const key = viewOf(await change({ scope: 'owner', name: owner }, () => rotateOwnerKey(store, owner)));
      const { now, pause } = context;
      const wait = { owner, fingerprint: key.fingerprint, withinMs: DELIVERY_LIMIT_MS, now, pause };
      return { ...key, ...(await awaitKeyDelivery(client, wait)) };
    },
  };
}
