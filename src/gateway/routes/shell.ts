/** Terminals, through WebSockets. */
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { SHELL_PROTOCOL } from '../../client/shell/protocol';
import { callerOf } from '../auth/authenticate';
import { type Permitted, permittedOf } from '../dependencies';
import { GatewayError, notAllowed } from '../gateway-error';
import { errorAnswer, withErrors } from '../schemas/answers';
import { workspacePath } from '../schemas/inputs';
import type { GatewayServer } from '../server';
import { type ShellHost, serveShell } from '../shell/session';
import type { StreamContext } from '../stream-context';

export function shellRoutes(server: GatewayServer, context: StreamContext): void {
  server.route({
    method: 'GET',
    url: '/v1/workspaces/:owner/:name/shell',
    onRequest: context.access('inside'),
    schema: {
      operationId: 'shell',
      summary: 'A terminal, or one command, in the running workspace',
      description: `A WebSocket with the subprotocol \`${SHELL_PROTOCOL}\`.`,
      params: workspacePath,
      response: withErrors({ 101: z.null(), 426: errorAnswer }),
    },
    handler: () => {
      const headers = { upgrade: 'websocket' };
      throw new GatewayError(426, 'InvalidRequest', `expected a WebSocket with the subprotocol ${SHELL_PROTOCOL}`, { headers });
    },
    wsHandler: (socket, request) => serve(context, socket as unknown as WebSocket, request as FastifyRequest),
  });
}

/** The socket is listened to in the same turn of the event loop, or its first messages would be lost. */
function serve(context: StreamContext, socket: WebSocket, request: FastifyRequest): void {
  const { log } = request;
  let leave = () => {};
  const { subject } = callerOf(request);
  const { handle } = permittedOf(request);
  const host: ShellHost = {
    open: async ({ command, streams, signal }) => {
      leave = context.takePlace(request);
      const runtime = runtimeOf(context);
      const pod = podOf(permittedOf(request), handle.workspace);
      log.info({ audit: true, subject, workspace: handle.workspace, build: pod.build }, 'audit: shell');
      return runtime.shell(pod, { command, streams, signal });
    },
    ping: (at) => context.pings.ping(handle, { via: 'terminal', at: new Date(at).toISOString() }),
    watchRight: (listener) => context.watchRight(request, 'inside', listener),
    now: context.now,
    ending: context.ending,
  };
  void serveShell(socket, host).finally(() => {
    leave();
    log.info({ subject, workspace: handle.workspace }, 'shell: ended');
  });
}

function runtimeOf({ runtime }: StreamContext) {
  if (runtime !== null) return runtime;
  throw new GatewayError(503, 'RuntimeUnavailable', 'this gateway does not hold the runtime, so that it can open no terminal');
}

function podOf({ found }: Permitted, workspace: string) {
  const { id, organization, build, state } = found;
  if (state === 'running' && id !== null && build !== null) return { id, organization, build };
  const hint = state === 'off' || state === 'error' ? `; \`perennial start ${workspace}\` builds it` : '';
  throw notAllowed(`expected ${workspace} to be running, it is ${state}${hint}`);
}
