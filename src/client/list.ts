import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { WORKSPACE_WORKFLOW, workspaceOfWorkflowId } from '../contract/names';
import type { WorkspacePhase } from '../contract/payloads';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import { RequestFailure, requesting } from './failure';

/** One workspace in a list, from its search attributes. Instants are ISO 8601 in UTC. */
export interface WorkspaceSummary {
  /** `owner/name`. */
  workspace: string;
  /** The state; `building` before the workspace has set it. */
  state: WorkspacePhase;
  /** The image reference as wanted; null before the workspace has set it. */
  image: string | null;
  /** The number of the newest build; null before the first. */
  build: number | null;
  /** The organization; empty before the workspace has set it. */
  organization: string;
  /** The instant of the next daily start; null: none is planned. */
  autoStartAt: string | null;
  /** The earliest auto-off as last armed; null: none is armed. `status` has the exact one. */
  autoOffAt: string | null;
}

/** Which workspaces a list holds; each field narrows it. */
export interface WorkspaceFilter {
  /** Absent: of every owner. */
  owner?: string;
  /** Absent: of every organization. */
  organization?: string;
  /** Absent: in every state. */
  state?: string;
}

/** Which workspaces the pages of a list hold. */
export interface PageFilter extends WorkspaceFilter {
  /** Several organizations, of any of them. Absent: of every organization. */
  organizations?: readonly string[];
}

/** Which page is read. */
export interface PageRequest {
  /** At most this many workspaces, from 1 to 1,000, which is Temporal's own limit. */
  limit: number;
  /** `next` of the page before, of the same filter; null: the first page. */
  pageToken: string | null;
}

/** One page of a list. */
export interface WorkspacePage {
  /** Those whose present run is the newest come first. */
  workspaces: WorkspaceSummary[];
  /** The token of the next page, which may be empty; null: this is the last one. */
  next: string | null;
}

type Attributes = Record<string, unknown[] | undefined>;

const SUBJECT = 'the list of workspaces';

/** All workspaces that exist, by name. */
export async function listWorkspaces(client: Client, filter: WorkspaceFilter): Promise<WorkspaceSummary[]> {
  return requesting(SUBJECT, async () => {
    const list: WorkspaceSummary[] = [];
    for await (const { workflowId, searchAttributes } of client.workflow.list({ query: queryOf(filter) })) {
      list.push(summarize(workflowId, searchAttributes as Attributes));
    }
    return list.sort((a, b) => a.workspace.localeCompare(b.workspace));
  });
}

/** One page of the same list, as visibility orders it. The SDK's own list hides the pages. */
export async function listPage(client: Client, filter: PageFilter, { limit, pageToken }: PageRequest): Promise<WorkspacePage> {
  const query = queryOf(filter);
  const nextPageToken = pageToken === null ? null : positionIn(pageToken, query);
  const { namespace } = client.options;
  return requesting(SUBJECT, async () => {
    const answer = await client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: limit, nextPageToken });
    const workspaces = answer.executions.map(({ execution, searchAttributes }) =>
      summarize(execution?.workflowId ?? '', decode(searchAttributes?.indexedFields ?? {})),
    );
    return { workspaces, next: answer.nextPageToken.length > 0 ? tokenOf(query, answer.nextPageToken) : null };
  });
}

function queryOf({ owner, organization, organizations, state }: PageFilter): string {
  const clauses = [`WorkflowType='${WORKSPACE_WORKFLOW}'`, IS_OPEN_CLAUSE];
  if (owner) clauses.push(`Owner=${quote(owner)}`);
  if (organization) clauses.push(`Organization=${quote(organization)}`);
  if (organizations) clauses.push(`Organization IN (${organizations.map(quote).join(', ')})`);
  if (state) clauses.push(`State=${quote(state)}`);
  return clauses.join(' AND ');
}

/** A position alone would be accepted with any filter, and a damaged one be retried by the SDK until the deadline. */
function tokenOf(query: string, bytes: Uint8Array): string {
  const position = Buffer.from(bytes).toString('base64url');
  return `${digestOf(query, position)}.${position}`;
}

/** @throws InvalidRequest */
function positionIn(token: string, query: string): Uint8Array {
  const [digest, position = ''] = token.split('.');
  if (digest === digestOf(query, position)) return Buffer.from(position, 'base64url');
  const message = 'pageToken: expected the token of the page before, of the same filter, got another one';
  throw new RequestFailure('InvalidRequest', message);
}

function digestOf(query: string, position: string): string {
  return createHash('sha256').update(`${query} ${position}`).digest('base64url').slice(0, 16);
}

/** As the SDK decodes them, but for dates, which are text here. */
function decode(fields: Record<string, Payload>): Attributes {
  const values = Object.entries(fields).map(([name, payload]) => [name, [defaultPayloadConverter.fromPayload(payload)].flat()]);
  return Object.fromEntries(values) as Attributes;
}

function summarize(workflowId: string, attributes: Attributes): WorkspaceSummary {
  const text = (name: string) => (typeof attributes[name]?.[0] === 'string' ? (attributes[name][0] as string) : null);
  const instant = (name: string) => (attributes[name]?.[0] ? new Date(attributes[name][0] as Date | string).toISOString() : null);
  const build = attributes.Build?.[0];
  return {
    workspace: workspaceOfWorkflowId(workflowId),
    state: (text('State') ?? 'building') as WorkspacePhase,
    image: text('Image'),
    build: typeof build === 'number' ? build : null,
    organization: text('Organization') ?? '',
    autoStartAt: instant('AutoStartAt'),
    autoOffAt: instant('AutoOffAt'),
  };
}

/** A literal of a visibility query. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
