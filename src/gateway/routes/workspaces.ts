/** What is asked about workspaces. */
import type { z } from 'zod';
import { RequestFailure, type WorkspaceHandle } from '../../client';
import { replacementIn } from '../../contract/messages';
import type { BuildView } from '../../contract/payloads';
import { callerOf } from '../auth/authenticate';
import { type GatewayContext, permittedOf } from '../dependencies';
import { createListFor, type ListRequest } from '../list';
import { type BuildAnswer, buildAnswer, explainAnswer, listAnswer, statusAnswer, withErrors } from '../schemas/answers';
import { buildPath, listQuery, workspacePath } from '../schemas/inputs';
import type { GatewayServer } from '../server';
import { explainPage, sendText, statusPage, wantsText } from './pages';

const WORKSPACE = '/v1/workspaces/:owner/:name';
/** A build may be replaced before it begins, and its replacement too. */
const MAX_REPLACEMENTS = 20;

export function workspaceRoutes(server: GatewayServer, context: GatewayContext): void {
  const { withDeadline } = context;
  const list = createListFor(context);
  const onRequest = context.access('read');
  server.get(
    '/v1/workspaces',
    {
      schema: {
        operationId: 'listWorkspaces',
        summary: 'The workspaces that the caller may see',
        description:
          'With limit, one page, the newest first: the header Link has the URL of the next one as rel="next", and is absent on the last.',
        querystring: listQuery,
        response: withErrors({ 200: listAnswer }),
      },
    },
    (request, reply) =>
      withDeadline(async () => {
        const { workspaces, next } = await list(callerOf(request), request.query);
        if (next !== null) reply.header('link', linkTo({ ...request.query, pageToken: next }));
        return workspaces;
      }),
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

/** Relative to the URL of the call, which a proxy may have changed. */
function linkTo({ limit, ...query }: ListRequest): string {
  return `<?${new URLSearchParams({ ...query, ...(limit !== undefined && { limit: `${limit}` }) })}>; rel="next"`;
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
