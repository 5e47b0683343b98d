/** Runs command lines against a client and a runtime of the test's own, and keeps what they print. */
import type { Client } from '@temporalio/client';
import type { CliContext } from '../../../src/cli/context';
import { runCommandLine } from '../../../src/cli/run';
import type { PerennialClient, WorkspaceHandle } from '../../../src/client';
import type { BuildView, StatusView } from '../../../src/contract/payloads';
import { createFileStore } from '../../../src/secrets/files';
import { testStreams } from '../runtimes/shell-streams';
import { NAMESPACE_ID } from './folder';

export const NOW = Date.parse('2027-03-01T10:00:00.000Z');

export interface Ended {
  code: number;
  out: string;
  error: string;
}

export type Workspace = Partial<WorkspaceHandle>;

/** A client that knows one workspace; every other call fails the test by its absence. */
export function fakeClient({ workspace = {}, ...rest }: Partial<Omit<PerennialClient, 'workspace'>> & { workspace?: Workspace }) {
  const handleOf = (owner: string, name: string) =>
    ({ workspace: `${owner}/${name}`, owner, name, ...workspace }) as WorkspaceHandle;
  const client = { workspace: handleOf, close: async () => undefined, temporal: fakeTemporal(), ...rest };
  return client as unknown as PerennialClient;
}

/** A Temporal client that knows the id of its namespace, and has whatever else is given. */
export function fakeTemporal(rest: object = {}, id = NAMESPACE_ID): Client {
  const workflowService = { describeNamespace: async () => ({ namespaceInfo: { id } }) };
  return { options: { namespace: 'perennial' }, connection: { workflowService }, ...rest } as unknown as Client;
}

/** A context in a pipe, without a person, at `NOW`. */
export async function run(args: string[], given: Partial<CliContext> & { client?: PerennialClient } = {}): Promise<Ended> {
  const { client = fakeClient({}), ...rest } = given;
  let out = '';
  let error = '';
  const context: Omit<CliContext, 'exit'> = {
    settings: { dir: '/nowhere', images: '/nowhere/images', by: 'ada' },
    readTemporalConfig: () => ({ connectionOptions: {} }),
    connect: async () => client,
    openCluster: null,
    gateway: null,
    openRuntime: () => {
      throw new Error('this test has no runtime');
    },
    streams: () => testStreams(),
    stores: { setting: null, openFiles: createFileStore, openCluster: null },
    readSecret: async () => Buffer.from('canary-value\n'),
    confirm: null,
    now: () => NOW,
    pause: async () => undefined,
    onInterrupt: () => () => undefined,
    onTermination: () => () => undefined,
    ...rest,
    out: {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        error += text;
      },
      columns: () => null,
      ...rest.out,
    },
  };
  const code = await runCommandLine(context, args);
  return { code, out, error };
}

export const onTerminal = (columns: number) => ({ columns: () => columns }) as CliContext['out'];

/** A build that ended well, two seconds before `NOW`. */
export function build(change: Partial<BuildView> = {}): BuildView {
  const at = (second: number) => `2027-03-01T09:59:${String(50 + second).padStart(2, '0')}.000Z`;
  const step = { state: 'done', attempt: 1, message: null } as const;
  return {
    number: 1,
    cause: 'created',
    by: 'ada',
    image: { reference: 'starter:1', digest: 'sha256:abc' },
    startedAt: at(0),
    endedAt: at(8),
    steps: [
      { ...step, name: 'admit', startedAt: at(0), endedAt: at(1) },
      { ...step, name: 'start-pod', startedAt: at(1), endedAt: at(5) },
      { ...step, name: 'configure', state: 'skipped', startedAt: at(5), endedAt: at(5), message: 'the image has none' },
    ],
    warnings: [],
    failure: null,
    ...change,
  };
}

/** A workspace that has run for an hour. */
export function status(change: Partial<StatusView> = {}): StatusView {
  return {
    workspace: 'ada/dev',
    id: 'w1',
    organization: 'default',
    state: 'running',
    since: '2027-03-01T09:00:00.000Z',
    purgeAt: null,
    image: { reference: 'starter:1', digest: 'sha256:abc' },
    resources: { cpu: '1', memory: '2Gi', disk: '10Gi' },
    env: {},
    dotfiles: null,
    build: build(),
    autoOff: { at: null, after: 'never', source: 'organization', lastAccess: null },
    autoStart: null,
    rebuildRequired: null,
    secrets: [],
    sshKey: null,
    rejected: { count: 0, last: null },
    policyVersion: 1,
    ...change,
  };
}
