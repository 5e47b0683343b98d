/** A runtime in memory and a Temporal client of a few lines, for activities that run without a server. */
import type { Info } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import type { StepHeartbeat } from '../../src/activities/run-step';
import type { WorkspaceSecrets } from '../../src/activities/workspace-secrets';
import { createMemoryRuntime, type MemoryOptions } from '../../src/runtimes/memory';
import type { HomeSpec, PodSpec } from '../../src/runtimes/runtime';

/** One workflow as the client shows it. */
export interface KnownWorkflow {
  status?: string;
  id?: string;
  state?: string;
  build?: number;
  organization?: string;
  /** The answer to any query, or what it is rejected with. */
  answer?: unknown;
  /** Missing in lists, which lag behind. */
  isUnlisted?: boolean;
  /** Never answers a signal. */
  hangs?: boolean;
  /** Fails to be described. */
  describeFails?: Error;
}

export interface SentSignal {
  workflowId: string;
  name: string;
  input: unknown;
}

export interface FakeClient {
  client: Client;
  workflows: Map<string, KnownWorkflow>;
  signals: SentSignal[];
}

export const DEADLINE = { text: '30m', totalMs: 1_800_000, spentMs: 0 };
export const HOME: HomeSpec = {
  id: 'w1',
  owner: 'ada',
  name: 'dev',
  organization: 'default',
  identity: null,
  adopt: false,
  disk: '10Gi',
};

export function podOf(home: string, change: Partial<PodSpec> = {}): PodSpec {
  const { id, owner, name, organization } = HOME;
  const resources = { cpu: '1', memory: '2Gi', disk: '10Gi' };
  const image = { image: 'starter:1', digest: null };
  return { id, owner, name, organization, build: 1, home, ...image, resources, podSecurity: 'restricted', env: {}, ...change };
}

/** The calls that activities make to a client. */
export function fakeClient(): FakeClient {
  const workflows = new Map<string, KnownWorkflow>();
  const signals: SentSignal[] = [];
  const known = (workflowId: string): KnownWorkflow => {
    const found = workflows.get(workflowId);
    if (!found) throw new WorkflowNotFoundError('not found', workflowId, undefined);
    return found;
  };
  const getHandle = (workflowId: string) => ({
    query: async () => {
      const { answer } = known(workflowId);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    describe: async () => {
      const { describeFails, status = 'RUNNING', id } = known(workflowId);
      if (describeFails) throw describeFails;
      return { status: { name: status }, memo: id === undefined ? {} : { id } };
    },
    signal: async (signal: string | { name: string }, input: unknown) => {
      const name = typeof signal === 'string' ? signal : signal.name;
      if (known(workflowId).hangs) await new Promise(() => {});
      if (known(workflowId).status) throw new WorkflowNotFoundError('it has ended', workflowId, undefined);
      signals.push({ workflowId, name, input });
    },
  });
  async function* list({ query }: { query: string }) {
    for (const [workflowId, { id, state, build, organization, status, isUnlisted }] of workflows) {
      // Of the type that is asked for, which the id begins with.
      if (status || isUnlisted || !query.includes(`'${workflowId.split('/')[0]}'`)) continue;
      yield {
        workflowId,
        memo: { id },
        searchAttributes: { State: [state ?? 'running'], Build: [build ?? 1], Organization: [organization ?? 'default'] },
      };
    }
  }
  return { client: { workflow: { getHandle, list } } as unknown as Client, workflows, signals };
}

interface WatchOptions {
  watchIntervalMs?: number;
  watchFullIntervalMs?: number;
  info?: Partial<Info>;
  secrets?: WorkspaceSecrets;
}

/** Activities on a memory runtime and a fake client, and an environment to run them in. */
export function activityContext(
  options: MemoryOptions = {},
  { info = {}, watchIntervalMs = 5, watchFullIntervalMs = 150, secrets }: WatchOptions = {},
) {
  const { client, workflows, signals } = fakeClient();
  const runtime = createMemoryRuntime(options);
  const environment = quietEnvironment(info);
  const run = <I, R>(activity: (input: I) => Promise<R>, input: I): Promise<R> =>
    environment.run(() => activity(input)) as Promise<R>;
  const heartbeats: StepHeartbeat[] = [];
  environment.on('heartbeat', (details: StepHeartbeat) => heartbeats.push(details));
  return {
    runtime,
    client,
    workflows,
    signals,
    environment,
    run,
    heartbeats,
    activities: createActivities({ runtime, client, ...(secrets && { secrets }), watchIntervalMs, watchFullIntervalMs }),
  };
}

/** An environment that does not log the expected failures. */
export function quietEnvironment(info: Partial<Info> = {}): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt: 1, ...info }, { logger: new DefaultLogger('ERROR') });
}
