/**
 * The typed client, exported as `perennial/client`: one handle for each workspace, organization, and campaign. Plain
 * `temporal workflow start|signal|update|query` can do the same.
 */
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { type CampaignHandle, campaignHandle } from './client/campaign';
import { listWorkspaces, type WorkspaceFilter, type WorkspaceSummary } from './client/list';
import { withoutProxyToLoopback } from './client/loopback';
import { type OrganizationHandle, organizationHandle } from './client/organization';
import { type OwnerHandle, ownerHandle } from './client/owner';
import { createWorkspace, workspaceHandle } from './client/workspace';
import type { WorkspaceHandle } from './client/workspace-handle';
import { NAMESPACE } from './contract/names';
import type { CreateInput } from './contract/payloads';

export type { WaitOptions } from './client/build-wait';
export type { CampaignHandle, CampaignWaitOptions } from './client/campaign';
export { RequestFailure, type RequestFailureType, toRequestFailure } from './client/failure';
export type { WorkspaceFilter, WorkspaceSummary } from './client/list';
export type { OrganizationHandle } from './client/organization';
export type { OwnerHandle } from './client/owner';
export type { PendingStep } from './client/pending-step';
export type { WorkspaceHandle } from './client/workspace-handle';

/** One connection to the Temporal namespace that Perennial uses. Its methods reject with a `RequestFailure`. */
export interface PerennialClient {
  /**
   * Creates a workspace, which builds at once; resolves before the build, whose number is 1. What only the policy shows to be wrong
   * ends the workspace afterwards, and `waitForBuild` rejects with it.
   *
   * @throws `AlreadyExists` where one of that owner and name exists, which is untouched; `Unavailable` where Temporal does not answer.
   *
   * ```ts
   * const workspace = await client.create({ owner: 'ada', name: 'dev', image: 'starter:1', by: 'ada' });
   * ```
   */
  create(input: CreateInput): Promise<WorkspaceHandle>;

  /**
   * A handle of a workspace. It asks nothing: a workspace that does not exist is `NotFound` at the first request.
   *
   * ```ts
   * const { state } = await client.workspace('ada', 'dev').status();
   * ```
   */
  workspace(owner: string, name: string): WorkspaceHandle;

  /**
   * A handle of an organization. It asks nothing: an organization that does not exist is `NotFound` at the first request.
   *
   * ```ts
   * const { version } = await client.organization('default').policy();
   * ```
   */
  organization(name: string): OrganizationHandle;

  /**
   * A handle of a campaign. It asks nothing: a campaign that does not exist is `NotFound` at the first request.
   *
   * ```ts
   * const { state, done, total } = await client.campaign('default', 'jdk-21').progress();
   * ```
   */
  campaign(organization: string, id: string): CampaignHandle;

  /**
   * A handle of an owner in an organization. It asks nothing.
   *
   * ```ts
   * const { usage } = await client.owner('default', 'ada').status();
   * ```
   */
  owner(organization: string, owner: string): OwnerHandle;

  /**
   * All workspaces that exist, by name. From search attributes alone, so it needs no worker, and lags behind by a moment.
   *
   * @throws `Unavailable` where Temporal does not answer.
   *
   * ```ts
   * const running = await client.list({ owner: 'ada', state: 'running' });
   * ```
   */
  list(filter?: WorkspaceFilter): Promise<WorkspaceSummary[]>;

  /** The Temporal client underneath, for what the handles do not cover. */
  temporal: Client;

  /**
   * Closes the connection, without which a process does not exit. Of a client from `wrapClient` it closes nothing of its own.
   *
   * ```ts
   * await client.close();
   * ```
   */
  close(): Promise<void>;
}

/**
 * Connects to a Temporal server, by default `localhost:7233` and the namespace `perennial`; the other options are those of Temporal's
 * `Connection.connect`.
 *
 * @throws `Error` within seconds where no server answers; the message names the address.
 *
 * ```ts
 * const client = await connectClient({ address: 'temporal.example.com:7233', tls: true });
 * ```
 */
export async function connectClient(options: ConnectionOptions & { namespace?: string } = {}): Promise<PerennialClient> {
  const { namespace = NAMESPACE, ...connectionOptions } = options;
  const connection = await connect(connectionOptions);
  return wrapClient(new Client({ connection, namespace }), () => connection.close());
}

/**
 * A client on a Temporal client that the caller has already, and closes; `close` is what `PerennialClient.close` calls.
 *
 * ```ts
 * const client = wrapClient(new Client({ connection, namespace: 'perennial' }));
 * ```
 */
export function wrapClient(temporal: Client, close: () => Promise<void> = async () => undefined): PerennialClient {
  return {
    create: (input) => createWorkspace(temporal, input),
    workspace: (owner, name) => workspaceHandle(temporal, owner, name),
    organization: (name) => organizationHandle(temporal, name),
    campaign: (organization, id) => campaignHandle(temporal, organization, id),
    owner: (organization, owner) => ownerHandle(temporal, organization, owner),
    list: (filter = {}) => listWorkspaces(temporal, filter),
    temporal,
    close,
  };
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect(withoutProxyToLoopback({ connectTimeout: '5s', ...options }));
  } catch (error) {
    const address = options.address ?? 'localhost:7233';
    throw new Error(`no Temporal server answers at ${address}; is \`npm start\` running, or TEMPORAL_ADDRESS set?`, {
      cause: error,
    });
  }
}
