/** What is asked about workspaces. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  type PerennialClient,
  RequestFailure,
  type WorkspaceFilter,
  type WorkspaceHandle,
  type WorkspaceSummary,
} from '../../client';
import { replacementIn } from '../../contract/messages';
import type { BuildView } from '../../contract/payloads';
import { callerOf } from '../auth/authenticate';
import { refuseWithoutScope } from '../auth/authorize';
import type { Caller } from '../auth/caller';
import { type GatewayContext, permittedOf } from '../dependencies';
import { notAllowed } from '../gateway-error';
import { type BuildAnswer, buildAnswer, explainAnswer, listAnswer, statusAnswer, withErrors } from '../schemas/answers';
import { buildPath, listQuery, workspacePath } from '../schemas/inputs';
import type { GatewayServer } from '../server';

const WORKSPACE = '/v1/workspaces/:owner/:name';
/** A build may be replaced before it begins, and its replacement too. */
const MAX_REPLACEMENTS = 20;

export function workspaceRoutes(server: GatewayServer, context: GatewayContext): void {
  const { client, withDeadline } = context;
  const onRequest = context.access('read');
  server.get(
    '/v1/workspaces',
    {
      schema: {
        operationId: 'listWorkspaces',
        summary: 'The workspaces that the caller may see',
        querystring: listQuery,
        response: withErrors({ 200: listAnswer }),
      },
    },
    (request) => withDeadline(() => listFor(client, callerOf(request), definedIn(request.query))),
  );
  server.get(
    WORKSPACE,
    {
      onRequest,
      schema: asked({ operationId: 'status', summary: 'The workspace as wanted and as it is', answer: statusAnswer }),
    },
    (request) => withDeadline(() => permittedOf(request).handle.status()),
  );
  server.get(
    `${WORKSPACE}/explain`,
    {
      onRequest,
      schema: asked({ operationId: 'explain', summary: 'Why, what happens next, and the history', answer: explainAnswer }),
    },
    (request) => withDeadline(() => permittedOf(request).handle.explain()),
  );
  server.get(
    `${WORKSPACE}/builds/:number`,
    {
      onRequest,
      schema: {
        operationId: 'build',
        summary: 'One of the last ten builds, or the build that replaced it',
        params: buildPath,
        response: withErrors({ 200: buildAnswer }),
      },
    },
    (request) => withDeadline(() => readBuild(permittedOf(request).handle, request.params.number)),
  );
}

function asked<View>({ answer, ...rest }: { operationId: string; summary: string; answer: z.ZodType<View> }) {
  return { ...rest, params: workspacePath, response: withErrors({ 200: answer }) };
}

/** The build; where it was replaced before it began, the one that replaced it, with the number that was asked for. */
async function readBuild(handle: WorkspaceHandle, requested: number): Promise<BuildAnswer> {
  let number = requested;
  for (let replacements = 0; ; replacements += 1) {
    try {
      const build: BuildView = await handle.build(number);
      const pending = build.endedAt === null ? await handle.pendingStep() : null;
      return { ...build, pending, ...(number !== requested && { requested }) };
    } catch (error) {
      const next = error instanceof RequestFailure ? replacementIn(error.message) : null;
      if (next === null || replacements === MAX_REPLACEMENTS) throw error;
      number = next;
    }
  }
}

async function listFor(client: PerennialClient, caller: Caller, filter: WorkspaceFilter): Promise<WorkspaceSummary[]> {
  if (caller.kind === 'workspace') throw notAllowed("a list needs the owner's token");
  if (caller.kind === 'owner') {
    return filter.owner === undefined || filter.owner === caller.owner ? client.list({ ...filter, owner: caller.owner }) : [];
  }
  refuseWithoutScope(caller, 'read');
  const { organization } = filter;
  const organizations = [...new Set(caller.organizations)].filter((name) => organization === undefined || name === organization);
  const lists = await Promise.all(organizations.map((name) => client.list({ ...filter, organization: name })));
  return lists.flat().sort((a, b) => a.workspace.localeCompare(b.workspace));
}

function definedIn(query: FastifyRequest['query']): WorkspaceFilter {
  return query as WorkspaceFilter;
}
