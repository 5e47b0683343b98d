import type { PerennialClient } from '../../client';
import type { PingInput } from '../../contract/payloads';
import { RequestFailure } from '../failure';
import type { WorkspaceFilter, WorkspaceSummary } from '../list';
import type { WorkspaceHandle } from '../workspace-handle';
import { ANSWER_WITHIN_MS, type GatewayHttp } from './http';
import { workspacePath } from './path';
import { buildReader, waitForBuild } from './wait';

/** The longest page that a gateway answers. */
const PAGE = '1000';

/** What a gateway offers of a client: workspaces that exist. */
export type GatewayClient = Pick<PerennialClient, 'workspace' | 'list'>;

/** The client of a person or service that holds a token, and no connection to Temporal. `by` comes from the token. */
export function gatewayClient(http: GatewayHttp): GatewayClient {
  return {
    workspace: (owner, name) => workspaceOver(http, owner, name),
    list: (filter = {}) => listOver(http, filter),
  };
}

/** Page by page, since a long list in one answer may take too long. */
async function listOver(http: GatewayHttp, filter: WorkspaceFilter): Promise<WorkspaceSummary[]> {
  const found = new Map<string, WorkspaceSummary>();
  let query: string | undefined = `?${new URLSearchParams({ ...filter, limit: PAGE })}`;
  while (query !== undefined) {
    const response = await http.open(`/v1/workspaces${query}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    // One whose run changes between two pages may come twice.
    for (const summary of (await response.json()) as WorkspaceSummary[]) found.set(summary.workspace, summary);
    query = /<(\?[^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return [...found.values()].sort((a, b) => a.workspace.localeCompare(b.workspace));
}

function workspaceOver(http: GatewayHttp, owner: string, name: string): WorkspaceHandle {
  const path = workspacePath(owner, name);
  const get = <T>(part = '') => http.json<T>('GET', `${path}${part}`);
  const post = <T>(part: string, body: object = {}) => http.json<T>('POST', `${path}/${part}`, body);
  const read = buildReader(http, path);
  const self: WorkspaceHandle = {
    workspace: `${owner}/${name}`,
    owner,
    name,
    status: () => get(),
    explain: () => get('/explain'),
    build: async (number) => (await read(number ?? (await newest(self)))).build,
    ping: async (input: PingInput = {}) => void (await post('ping', input)),
    start: () => post('start'),
    stop: (input) => post('stop', input),
    rebuild: (input) => post('rebuild', input),
    cancelBuild: () => post('cancel-build'),
    restore: () => post('restore'),
    delete: ({ purge } = {}) => http.json('DELETE', `${path}?${new URLSearchParams(purge ? { purge: 'true' } : {})}`),
    configure: (input) => http.json('PATCH', path, input),
    pendingStep: async () => (await read(await newest(self))).pending,
    waitForBuild: (number, options = {}) => waitForBuild({ read, status: self.status, number, options }),
  };
  return self;
}

async function newest({ workspace, status }: WorkspaceHandle): Promise<number> {
  const { build } = await status();
  if (build === null) throw new RequestFailure('NotFound', `${workspace} has no build yet`);
  return build.number;
}
