/** The list of the workspaces that a caller may see. One list may be long, so that calls at the same time share it. */
import type { WorkspaceFilter, WorkspaceSummary } from '../client';
import type { Caller } from '../secrets/tokens';
import { refuseWithoutScope, suspended } from './auth/authorize';
import type { GatewayContext } from './dependencies';
import { GatewayError, notAllowed } from './gateway-error';

/** Lists of one caller under way at a time. */
const MAX_AT_ONCE = 2;

type ListFor = (caller: Caller, filter: WorkspaceFilter) => Promise<WorkspaceSummary[]>;
type List = (filter: WorkspaceFilter) => Promise<WorkspaceSummary[]>;

/** @throws GatewayError 403, 429 for a third list at a time, 401 for an owner who is suspended */
export function createListFor(context: GatewayContext): ListFor {
  const list = shareLists((filter) => context.client.list(filter));
  const limit = limitEach();
  return async (caller, filter) => {
    if (caller.kind === 'workspace') throw notAllowed("a list needs the owner's token");
    if (caller.kind === 'owner') return limit(caller.subject, () => listOfOwner(context, list, { ...filter, caller }));
    refuseWithoutScope(caller, 'read');
    const { organization } = filter;
    const seen = [...new Set(caller.organizations)].filter((name) => organization === undefined || name === organization);
    return limit(caller.subject, async () => {
      const lists = await Promise.all(seen.map((name) => list({ ...filter, organization: name })));
      return lists.flat().sort((a, b) => a.workspace.localeCompare(b.workspace));
    });
  };
}

/** Equal lists at the same time are read once. */
function shareLists(read: List): List {
  const reading = new Map<string, Promise<WorkspaceSummary[]>>();
  return (filter) => {
    const { owner, organization, state } = filter;
    const key = JSON.stringify([owner, organization, state]);
    const shared = reading.get(key) ?? read(filter).finally(() => reading.delete(key));
    reading.set(key, shared);
    return shared;
  };
}

function limitEach() {
  const underWay = new Map<string, number>();
  return async <T>(subject: string, work: () => Promise<T>): Promise<T> => {
    const count = underWay.get(subject) ?? 0;
    if (count >= MAX_AT_ONCE) {
      const message = `expected at most ${MAX_AT_ONCE} lists at a time`;
      throw new GatewayError(429, 'TooManyRequests', message, { headers: { 'retry-after': '1' } });
    }
    underWay.set(subject, count + 1);
    try {
      return await work();
    } finally {
      const rest = (underWay.get(subject) ?? 1) - 1;
      if (rest > 0) underWay.set(subject, rest);
      else underWay.delete(subject);
    }
  };
}

/** Without those of organizations that have suspended the owner. */
async function listOfOwner(
  { isSuspended }: GatewayContext,
  read: List,
  { caller, ...filter }: WorkspaceFilter & { caller: Caller & { kind: 'owner' } },
): Promise<WorkspaceSummary[]> {
  const { owner } = caller;
  const list = filter.owner === undefined || filter.owner === owner ? await read({ ...filter, owner }) : [];
  const organizations = [...new Set(list.map(({ organization }) => organization))];
  const judged = await Promise.all(organizations.map(async (name) => ({ name, isSuspended: await isSuspended(owner, name) })));
  const hidden = judged.filter((each) => each.isSuspended).map(({ name }) => name);
  const [first] = hidden;
  if (first !== undefined && hidden.length === organizations.length) throw suspended(owner, first);
  return list.filter(({ organization }) => !hidden.includes(organization));
}
