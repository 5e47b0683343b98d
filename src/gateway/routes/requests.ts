/** What is asked of workspaces: the signal `ping`, and the updates. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Answer, DeleteAnswer, RebuildInput } from '../../contract/payloads';
import { callerOf } from '../auth/authenticate';
import type { Right } from '../auth/authorize';
import { byOf } from '../auth/caller';
import { type GatewayContext, type Permitted, permittedOf } from '../dependencies';
import { notAllowed } from '../gateway-error';
import type { PingCollapse } from '../pings/collapse';
import { deleteAnswer, pingAnswer, requestAnswer, statusAnswer, withErrors } from '../schemas/answers';
import {
  configureBody,
  deleteBody,
  deleteQuery,
  noBody,
  pingBody,
  rebuildBody,
  stopBody,
  workspacePath,
} from '../schemas/inputs';
import type { GatewayServer } from '../server';

const WORKSPACE = '/v1/workspaces/:owner/:name';

/** One update as a route. */
interface Change<Body extends z.ZodType> {
  path: string;
  change: string;
  summary: string;
  right: Right;
  body: Body;
  send(permitted: Permitted, body: z.infer<Body>, by: string, request: FastifyRequest): Promise<Answer>;
}

export function requestRoutes(server: GatewayServer, context: GatewayContext, pings: PingCollapse): void {
  pingRoute(server, context, pings);
  const post = <Body extends z.ZodType>(change: Change<Body>) => postRoute(server, context, change);
  post({
    path: 'stop',
    change: 'stop',
    summary: 'Stops the workspace; its home is kept',
    right: 'operate-self',
    body: stopBody,
    send: ({ handle }, { reason }, by) => handle.stop(withoutNull({ by, reason })),
  });
  post({
    path: 'rebuild',
    change: 'rebuild',
    summary: 'Builds the workspace, also while it runs',
    right: 'operate-self',
    body: rebuildBody,
    send: ({ handle }, body, by, request) => {
      refuseOwnSettings(request, body);
      return handle.rebuild(withoutNull({ ...body, by }) as RebuildInput);
    },
  });
  post({
    path: 'start',
    change: 'start',
    summary: 'Builds the workspace unless it runs',
    right: 'operate',
    body: noBody,
    send: ({ handle }, _, by) => handle.start({ by }),
  });
  post({
    path: 'cancel-build',
    change: 'cancelBuild',
    summary: 'Ends the build under way',
    right: 'operate',
    body: noBody,
    send: ({ handle }, _, by) => handle.cancelBuild({ by }),
  });
  post({
    path: 'restore',
    change: 'restore',
    summary: 'Takes a delete back',
    right: 'operate',
    body: noBody,
    send: ({ handle }, _, by) => handle.restore({ by }),
  });
  configureRoute(server, context);
  deleteRoute(server, context);
}

function postRoute<Body extends z.ZodType>(server: GatewayServer, context: GatewayContext, spec: Change<Body>): void {
  server.post(
    `${WORKSPACE}/${spec.path}`,
    {
      config: { change: spec.change },
      onRequest: context.access(spec.right),
      schema: {
        operationId: spec.change,
        summary: spec.summary,
        params: workspacePath,
        body: spec.body as z.ZodType,
        response: withErrors({ 200: requestAnswer }),
      },
    },
    async (request) => {
      const { body } = request as { body: z.infer<Body> };
      const by = byOf(callerOf(request));
      return noteOutcome(request, await context.withDeadline(() => spec.send(permittedOf(request), body, by, request)));
    },
  );
}

/** A workspace may not change its own settings. */
function refuseOwnSettings(request: FastifyRequest, { image, resources, env }: z.infer<typeof rebuildBody>): void {
  if (callerOf(request).kind !== 'workspace') return;
  const given = Object.entries({ image, resources, env }).flatMap(([name, value]) => ((value ?? null) === null ? [] : [name]));
  if (given.length > 0)
    throw notAllowed(`rebuild: expected none of image, resources, env of the workspace itself, got ${given.join(', ')}`);
}

function pingRoute(server: GatewayServer, context: GatewayContext, pings: PingCollapse): void {
  server.post(
    `${WORKSPACE}/ping`,
    {
      config: { isPing: true },
      onRequest: context.access('ping'),
      schema: {
        operationId: 'ping',
        summary: 'The workspace is in use',
        params: workspacePath,
        body: pingBody,
        response: withErrors({ 202: pingAnswer }),
      },
    },
    async (request, reply) => {
      const outcome = await pings.ping(request.params, withoutNull(request.body));
      server.metrics.countPing(outcome);
      return reply.code(202).send({ outcome });
    },
  );
}

function configureRoute(server: GatewayServer, context: GatewayContext): void {
  server.patch(
    WORKSPACE,
    {
      config: { change: 'configure' },
      onRequest: context.access('operate'),
      schema: {
        operationId: 'configure',
        summary: "Changes the workspace's own settings; null clears one",
        params: workspacePath,
        body: configureBody,
        response: withErrors({ 200: statusAnswer }),
      },
    },
    (request) => {
      const input = { ...request.body, by: byOf(callerOf(request)) };
      return context.withDeadline(() => permittedOf(request).handle.configure(input as never));
    },
  );
}

function deleteRoute(server: GatewayServer, context: GatewayContext): void {
  server.delete(
    WORKSPACE,
    {
      config: { change: 'delete' },
      onRequest: context.access('operate'),
      schema: {
        operationId: 'delete',
        summary: 'Stops the workspace, and removes its home after the retention',
        params: workspacePath,
        querystring: deleteQuery,
        body: deleteBody,
        response: withErrors({ 200: deleteAnswer }),
      },
    },
    async (request) => {
      const purge = request.query.purge === 'true' || request.body.purge === true;
      const input = { by: byOf(callerOf(request)), ...(purge && { purge }) };
      return noteOutcome(request, await context.withDeadline(() => permittedOf(request).handle.delete(input)));
    },
  );
}

function noteOutcome<A extends Answer | DeleteAnswer>(request: FastifyRequest, answer: A): A {
  request.outcome = answer.outcome;
  return answer;
}

/** Null counts as absent. */
function withoutNull<T extends object>(input: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => (value ?? null) !== null)) as never;
}
