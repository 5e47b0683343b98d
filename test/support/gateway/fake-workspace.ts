/** A client that knows one workspace, without a Temporal server: what Temporal knows of it, and its queries, are the test's. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { PerennialClient, WorkspaceHandle } from '../../../src/client';
import type { PingInput } from '../../../src/contract/payloads';

export interface FakeWorkspace {
  client: PerennialClient;
  pings: PingInput[];
  /** What Temporal knows; a test changes it. Null: there is no such workspace. */
  known: { id: string; organization: string; state: string; build: number | null } | null;
}

/** `ada/dev`, which runs its first build. */
export function fakeWorkspace(handle: Partial<WorkspaceHandle> = {}): FakeWorkspace {
  const pings: PingInput[] = [];
  const fake: FakeWorkspace = {
    pings,
    known: { id: 'w1', organization: 'default', state: 'running', build: 1 },
    client: null as unknown as PerennialClient,
  };
  const describe = async (workflowId: string) => {
    if (fake.known === null || workflowId !== 'workspace/ada/dev') throw new WorkflowNotFoundError('none', workflowId, undefined);
    const { id, organization, state, build } = fake.known;
    return {
      status: { name: 'RUNNING', code: 1 },
      memo: { id },
      searchAttributes: { Organization: [organization], State: [state], Build: build === null ? [] : [build] },
    };
  };
  const temporal = {
    workflow: { getHandle: (workflowId: string) => ({ describe: () => describe(workflowId) }) },
    withDeadline: <T>(_deadline: number, work: () => Promise<T>) => work(),
  };
  const handleOf = (owner: string, name: string) => ({
    workspace: `${owner}/${name}`,
    owner,
    name,
    ping: async (input: PingInput = {}) => void pings.push(input),
    ...handle,
  });
  const organization = () => ({ policy: async () => ({ suspendedOwners: [] }) });
  fake.client = { workspace: handleOf, organization, temporal, close: async () => undefined } as unknown as PerennialClient;
  return fake;
}
