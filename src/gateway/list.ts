/** The list of the workspaces that a caller may see. One list may be long, so that calls at the same time share it. */
import type { WorkspaceFilter, WorkspaceSummary } from '../client';
import { listPage, type PageFilter, type WorkspacePage } from '../client/list';
import type { Caller } from '../secrets/tokens';
import { refuseWithoutScope, suspended } from './auth/authorize';
import type { GatewayContext } from './dependencies';
import { GatewayError, notAllowed } from './gateway-error';

/** Lists of one caller under way at a time. */
const MAX_AT_ONCE = 2;
/** Pages without anything to show that one call passes over; its caller goes on with the next. */
const MAX_PASSED = 10;

/** Workspaces of a page where a caller sends the token of a page without a limit. */
export const DEFAULT_PAGE = 100;

/** What a call asks of the list. */
export interface ListRequest extends WorkspaceFilter {
  /** The most workspaces of one page. Absent: the whole list, or with `pageToken` a page of `DEFAULT_PAGE`. */
  limit?: number;
  /** `next` of the page before. */
  pageToken?: string;
}

type ListFor = (caller: Caller, request: ListRequest) => Promise<WorkspacePage>;
type List = (filter: WorkspaceFilter) => Promise<WorkspaceSummary[]>;
/** Reads the page of a token; null: the first. */
type ReadPage = (pageToken: string | null) => Promise<WorkspacePage>;

/** @throws GatewayError 403, 429 for a third list at a time, 401 for an owner who is suspended */
export function createListFor(context: GatewayContext): ListFor {
  const list = shareLists((filter) => context.client.list(filter));
  const limitCaller = limitEach();
  return async (caller, { limit, pageToken, ...asked }) => {
    const filter = visibleTo(caller, asked);
    if (filter === null) return { workspaces: [], next: null };
    const readPage: ReadPage = (token) =>
      listPage(context.client.temporal, filter, { limit: limit ?? DEFAULT_PAGE, pageToken: token });
    const readWhole: ReadPage = async () => ({ workspaces: await listWhole(list, filter), next: null });
    const read = limit === undefined && pageToken === undefined ? readWhole : readPage;
    return limitCaller(caller.subject, () =>
      caller.kind === 'owner'
        ? readUnsuspended(context, caller.owner, { read, from: pageToken ?? null })
        : read(pageToken ?? null),
    );
  };
}

/** The filter with which Temporal answers nothing that the caller may not see; null where that is nothing at all. */
function visibleTo(caller: Caller, filter: WorkspaceFilter): PageFilter | null {
  if (caller.kind === 'workspace') throw notAllowed("a list needs the owner's token");
  if (caller.kind === 'owner') {
    const { owner } = caller;
    return filter.owner === undefined || filter.owner === owner ? { ...filter, owner } : null;
  }
  refuseWithoutScope(caller, 'read');
  const { organization, ...rest } = filter;
  const organizations = [...new Set(caller.organizations)].filter((name) => organization === undefined || name === organization);
  return organizations.length === 0 ? null : { ...rest, organizations: organizations.sort() };
}

/** The organizations one by one, so that services share the lists of their common organizations. */
async function listWhole(list: List, { organizations, ...filter }: PageFilter): Promise<WorkspaceSummary[]> {
  if (!organizations) return list(filter);
  const lists = await Promise.all(organizations.map((organization) => list({ ...filter, organization })));
  return lists.flat().sort((a, b) => a.workspace.localeCompare(b.workspace));
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

/** Without the workspaces of organizations that have suspended the owner. Some pages that are empty without them are passed over. */
export async function readUnsuspended(
  { isSuspended }: GatewayContext,
  owner: string,
  { read, from }: { read: ReadPage; from: string | null },
): Promise<WorkspacePage> {
  let suspendedBy: string | undefined;
  for (let token = from, passed = 0; ; passed += 1) {
    const { workspaces, next } = await read(token);
    const organizations = [...new Set(workspaces.map(({ organization }) => organization))];
    const judged = await Promise.all(organizations.map(async (name) => ({ name, isSuspended: await isSuspended(owner, name) })));
    const hidden = judged.filter((each) => each.isSuspended).map(({ name }) => name);
    suspendedBy ??= hidden[0];
    const seen = workspaces.filter(({ organization }) => !hidden.includes(organization));
    if (seen.length === 0 && next !== null && passed < MAX_PASSED) {
      token = next;
      continue;
    }
    if (seen.length === 0 && next === null && from === null && suspendedBy !== undefined) throw suspended(owner, suspendedBy);
    return { workspaces: seen, next };
  }
}
