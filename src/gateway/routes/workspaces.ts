/** What is asked about workspaces. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { RequestFailure, type WorkspaceFilter, type WorkspaceHandle, type WorkspaceSummary } from '../../client';
import { replacementIn } from '../../contract/messages';
import type { BuildView } from '../../contract/payloads';
import type { Caller } from '../../secrets/tokens';
import { callerOf } from '../auth/authenticate';
import { refuseWithoutScope, suspended } from '../auth/authorize';
import { type GatewayContext, permittedOf } from '../dependencies';
import { notAllowed } from '../gateway-error';
import { type BuildAnswer, buildAnswer, explainAnswer, listAnswer, statusAnswer, withErrors } from '../schemas/answers';
import { buildPath, listQuery, workspacePath } from '../schemas/inputs';
import type { GatewayServer } from '../server';
import { explainPage, sendText, statusPage, wantsText } from './pages';

const WORKSPACE = '/v1/workspaces/:owner/:name';
/** A build may be replaced before it begins, and its replacement too. */
const MAX_REPLACEMENTS = 20;

export function workspaceRoutes(server: GatewayServer, context: GatewayContext): void {
  const { withDeadline } = context;
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
    (request) => withDeadline(() => listFor(context, callerOf(request), definedIn(request.query))),
  );
  server.get(
    WORKSPACE,
    {
      onRequest,
      schema: asked({ operationId: 'status', summary: 'The workspace as wanted and as it is', answer: statusAnswer }),
    },
    (request, reply) =>
      withDeadline(async () => {
        const { handle } = permittedOf(request);
        const status = await handle.status();
        return wantsText(request) ? sendText(reply, await statusPage(handle, status, context.now())) : status;
      }),
  );
  server.get(
    `${WORKSPACE}/explain`,
    {
      onRequest,
      schema: asked({ operationId: 'explain', summary: 'Why, what happens next, and the history', answer: explainAnswer }),
    },
    (request, reply) =>
      withDeadline(async () => {
        const explanation = await permittedOf(request).handle.explain();
        return wantsText(request) ? sendText(reply, explainPage(explanation, context.now())) : explanation;
      }),
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

/** The build; where it was replaced before it began, its replacement, with the number that was asked for. */
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

async function listFor(context: GatewayContext, caller: Caller, filter: WorkspaceFilter): Promise<WorkspaceSummary[]> {
  if (caller.kind === 'workspace') throw notAllowed("a list needs the owner's token");
  if (caller.kind === 'owner') return listOfOwner(context, caller.owner, filter);
  refuseWithoutScope(caller, 'read');
  const { organization } = filter;
  const organizations = [...new Set(caller.organizations)].filter((name) => organization === undefined || name === organization);
  const lists = await Promise.all(organizations.map((name) => context.client.list({ ...filter, organization: name })));
  return lists.flat().sort((a, b) => a.workspace.localeCompare(b.workspace));
}

/** Without those of organizations that have suspended the owner. */
async function listOfOwner({ client, isSuspended }: GatewayContext, owner: string, filter: WorkspaceFilter) {
  const list = filter.owner === undefined || filter.owner === owner ? await client.list({ ...filter, owner }) : [];
  const organizations = [...new Set(list.map(({ organization }) => organization))];
  const judged = await Promise.all(organizations.map(async (name) => ({ name, isSuspended: await isSuspended(owner, name) })));
  const hidden = judged.filter((each) => each.isSuspended).map(({ name }) => name);
  const [first] = hidden;
  if (first !== undefined && hidden.length === organizations.length) throw suspended(owner, first);
  return list.filter(({ organization }) => !hidden.includes(organization));
}

function definedIn(query: FastifyRequest['query']): WorkspaceFilter {
  return query as WorkspaceFilter;
}
