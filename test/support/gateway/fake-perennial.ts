/** A client of one running workspace, `ada/dev` of the organization `default`, for tests of HTTP alone. */
import type { PerennialClient, WorkspaceHandle } from '../../../src/client';

export interface FakePerennial {
  client: PerennialClient;
  /** Everything that was asked of Temporal, such as `describe`, `status`, or `ping`, with its input. */
  asked: [name: string, input?: unknown][];
  /** A test sets this to have every call wait for it, or fail with it. */
  meets: () => Promise<void>;
}

export const RUNNING = { id: 'w1', organization: 'default', state: 'running', build: 3 };
export const ITSELF = { kind: 'workspace', owner: 'ada', name: 'dev', id: RUNNING.id, build: RUNNING.build } as const;
export const OWNER = { kind: 'owner', owner: 'ada' } as const;

const ANSWER = { outcome: 'accepted', state: 'building', build: 4 };

export function fakePerennial(): FakePerennial {
  const fake: FakePerennial = { client: {} as PerennialClient, asked: [], meets: async () => undefined };
  const ask =
    (name: string, answer: unknown = ANSWER) =>
    async (input?: unknown) => {
      fake.asked.push(input === undefined ? [name] : [name, input]);
      await fake.meets();
      return answer;
    };
  const { id, organization, state, build } = RUNNING;
  const description = {
    status: { name: 'RUNNING' },
    memo: { id },
    searchAttributes: { Organization: [organization], State: [state], Build: [build] },
  };
  const names = [
    'ping',
    'start',
    'stop',
    'rebuild',
    'cancelBuild',
    'restore',
    'delete',
    'configure',
    'status',
    'explain',
    'build',
  ];
  const handle = Object.fromEntries(names.map((name) => [name, ask(name)])) as unknown as WorkspaceHandle;
  Object.assign(handle, { workspace: 'ada/dev', owner: 'ada', name: 'dev', pendingStep: ask('pendingStep', null) });
  const temporal = {
    withDeadline: <T>(_: unknown, work: () => Promise<T>) => work(),
    connection: { workflowService: { getSystemInfo: ask('getSystemInfo') } },
    workflow: { getHandle: () => ({ describe: ask('describe', description) }), list: async function* () {} },
  };
  const policy = async () => ({ suspendedOwners: [] });
  Object.assign(fake.client, { temporal, workspace: () => handle, organization: () => ({ policy }), list: ask('list', []) });
  return fake;
}
