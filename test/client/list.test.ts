import type { Client } from '@temporalio/client';
import { listWorkspaces } from '../../src/client/list';

interface Listed {
  workflowId: string;
  searchAttributes: Record<string, unknown[]>;
}

/** A client that lists these workflows, and records the queries. */
function listing(workflows: Listed[]): { client: Client; queries: string[] } {
  const queries: string[] = [];
  async function* list({ query }: { query: string }) {
    queries.push(query);
    yield* workflows;
  }
  return { client: { workflow: { list } } as unknown as Client, queries };
}

const OPEN =
  "WorkflowType='workspace' AND ExecutionStatus NOT IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut', 'ContinuedAsNew')";

test('The list has what the search attributes say, by name, and null for what is not set yet.', async () => {
  const at = new Date('2027-03-01T08:30:00.000Z');
  const dev = { State: ['off'], Organization: ['acme'], Image: ['starter:1'], Build: [3], AutoStartAt: [at] };
  const { client } = listing([
    { workflowId: 'workspace/bob/new', searchAttributes: {} },
    { workflowId: 'workspace/ada/dev', searchAttributes: dev },
  ]);
  expect(await listWorkspaces(client, {})).toEqual([
    {
      workspace: 'ada/dev',
      state: 'off',
      image: 'starter:1',
      build: 3,
      organization: 'acme',
      autoStartAt: '2027-03-01T08:30:00.000Z',
      autoOffAt: null,
    },
    {
      workspace: 'bob/new',
      state: 'building',
      image: null,
      build: null,
      organization: '',
      autoStartAt: null,
      autoOffAt: null,
    },
  ]);
});

test('Each field of a filter narrows the query, and a quote in a value cannot widen it.', async () => {
  const { client, queries } = listing([]);
  await listWorkspaces(client, {});
  await listWorkspaces(client, { owner: 'ada', organization: 'acme', state: 'running' });
  await listWorkspaces(client, { owner: "x' OR Owner='ada" });
  expect(queries).toEqual([
    OPEN,
    `${OPEN} AND Owner='ada' AND Organization='acme' AND State='running'`,
    `${OPEN} AND Owner='x'' OR Owner=''ada'`,
  ]);
});

test('A server that does not answer makes the list Unavailable.', async () => {
  async function* list() {
    yield* [];
    throw Object.assign(new Error('14 UNAVAILABLE: no connection'), { code: 14, details: 'no connection', metadata: {} });
  }
  const client = { workflow: { list } } as unknown as Client;
  await expect(listWorkspaces(client, {})).rejects.toMatchObject({
    type: 'Unavailable',
    message: 'the list of workspaces: Temporal answered: no connection',
  });
});
