/** The whole output of a step. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS } from '../../contract/duration';
import { RuntimeFailure } from '../../runtimes/failure';
import { type LogPart, type MaskedLog, openMaskedLog } from '../build-log/masked-log';
import { type Permitted, permittedOf } from '../dependencies';
import { LOGGED_STEPS } from '../events/step-logs';
import { clientLeft, GatewayError } from '../gateway-error';
import { withErrors } from '../schemas/answers';
import { buildPath } from '../schemas/inputs';
import type { GatewayServer } from '../server';
import { destroyWhenStalled } from '../stalled';
import type { StreamContext } from '../stream-context';

/** The header that says whether the answer is the whole log, or the last lines that the workspace keeps. */
const LOG_HEADER = 'perennial-log';
/** It counts until the last byte is sent; who takes nothing is cut off long before. */
const DOWNLOAD_WITHIN_MS = 24 * HOUR_MS;
const TEXT = 'text/plain; charset=utf-8';

const logPath = buildPath.extend({ step: z.enum(LOGGED_STEPS) });

export function logRoutes(server: GatewayServer, context: StreamContext): void {
  server.get(
    '/v1/workspaces/:owner/:name/builds/:number/logs/:step',
    {
      onRequest: context.access('inside'),
      handlerTimeout: DOWNLOAD_WITHIN_MS,
      schema: {
        operationId: 'log',
        summary: 'The whole output of a step, masked',
        description: `The header ${LOG_HEADER} is \`whole\`, or \`last-lines\` where the log cannot be read.`,
        params: logPath,
        response: withErrors({ 200: { description: 'The output', content: { 'text/plain': { schema: z.string() } } } }),
      },
    },
    async (request, reply) => {
      const { owner, name, number, step } = request.params;
      const permitted = permittedOf(request);
      refuseUnknown(permitted, { workspace: `${owner}/${name}`, number });
      const leave = context.takePlace(request);
      const stopping = new AbortController();
      const stopWatching = context.watchRight(request, 'inside', { onLost: (refusal) => stopping.abort(refusal) });
      reply.raw.once('close', () => {
        leave();
        stopWatching();
        stopping.abort(clientLeft());
      });
      destroyWhenStalled(reply.raw);
      reply.type(TEXT);
      const { id, organization } = permitted.found;
      const source = id && context.logSourceOf?.({ id, organization, owner, build: number }, step, stopping.signal);
      const log = source ? openMaskedLog(source) : null;
      const first = log && (await readOr(null, () => log.read()));
      if (log && first) return reply.header(LOG_HEADER, 'whole').send(Readable.from(readAll(log, first)) as never);
      const build = await context.withDeadline(() => permitted.handle.build(number));
      const { lastLines = [] } = build.steps.find((found) => found.name === step) ?? {};
      return reply.header(LOG_HEADER, 'last-lines').send(lastLines.map((line) => `${line}\n`).join(''));
    },
  );
}

/** Logs outlive what the workspace itself still knows of a build, so any number up to the newest may have one. */
function refuseUnknown({ found }: Permitted, { workspace, number }: { workspace: string; number: number }): void {
  if (found.build === null) throw new GatewayError(404, 'NotFound', `${workspace} has no build yet`);
  if (number <= found.build) return;
  const message = `build: expected a number up to ${found.build}, the newest of ${workspace}, got ${number}`;
  throw new GatewayError(404, 'NotFound', message);
}

/** A cluster shows a home only through a pod that has it mounted. */
async function readOr<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeFailure && error.type === 'RuntimeUnavailable') return otherwise;
    throw error;
  }
}

/** The log as it is now, in parts that are read as fast as the caller takes them. */
async function* readAll(log: MaskedLog, first: LogPart): AsyncGenerator<Buffer> {
  for (let part: LogPart | null = first; part !== null && !part.isDrained; part = await log.read()) {
    if (part.text !== '') yield Buffer.from(part.text);
  }
  yield Buffer.from(log.end().text);
}
