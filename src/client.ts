/**
 * The typed way in: one handle for each workspace and organization. The CLI, the start, tests, and other services use it; all it
 * does can be done with plain `temporal workflow start|signal|update|query` too.
 */
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { listWorkspaces, type WorkspaceSummary } from './client/list';
import { withoutProxyToLoopback } from './client/loopback';
import { type OrganizationHandle, organizationHandle } from './client/organization';
import { createWorkspace, type WorkspaceHandle, workspaceHandle } from './client/workspace';
import { NAMESPACE } from './contract/names';
import type { CreateInput } from './contract/payloads';

export type { PendingStep, WaitOptions } from './client/build-wait';
export { RequestFailure, toRequestFailure } from './client/failure';
export type { WorkspaceSummary } from './client/list';
export type { OrganizationHandle } from './client/organization';
export type { WorkspaceHandle } from './client/workspace';

export interface PerennialClient {
  /** Starts the workflow; throws `RequestFailure` of type `AlreadyExists` when one of that name runs. Resolves before the build. */
  create(input: CreateInput): Promise<WorkspaceHandle>;
  workspace(owner: string, name: string): WorkspaceHandle;
  organization(name: string): OrganizationHandle;
  /** From the search attributes alone, so it needs no worker; they lag behind by a moment. */
  list(filter?: { owner?: string; organization?: string; state?: string }): Promise<WorkspaceSummary[]>;
  /** For what this class does not cover. */
  temporal: Client;
  close(): Promise<void>;
}

/** Connects; rejects within seconds with a sentence that names the address when no server answers there. */
export async function connectClient(options: ConnectionOptions & { namespace?: string } = {}): Promise<PerennialClient> {
  const { namespace = NAMESPACE, ...connectionOptions } = options;
  const connection = await connect(connectionOptions);
  return wrapClient(new Client({ connection, namespace }), () => connection.close());
}

/** The same on a Temporal client that the caller has already, and closes. */
export function wrapClient(temporal: Client, close: () => Promise<void> = async () => undefined): PerennialClient {
  return {
    create: (input) => createWorkspace(temporal, input),
    workspace: (owner, name) => workspaceHandle(temporal, owner, name),
    organization: (name) => organizationHandle(temporal, name),
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
