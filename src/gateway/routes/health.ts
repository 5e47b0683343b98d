/** For load balancers and orchestrators, without a token. */
import { z } from 'zod';
import type { GatewayContext } from '../dependencies';
import { GatewayError } from '../gateway-error';
import { errorAnswer } from '../schemas/answers';
import type { GatewayServer } from '../server';

/** An answer this old is given again, so that a probe costs Temporal little. */
const MAX_AGE_MS = 1_000;
const ANSWER_WITHIN_MS = 3_000;

export function healthRoutes(server: GatewayServer, context: GatewayContext): void {
  const ok = z.object({ status: z.literal('ok') });
  const config = { isPublic: true };
  server.get(
    '/healthz',
    { config, schema: { operationId: 'healthz', summary: 'Whether the process answers', security: [], response: { 200: ok } } },
    async () => ({ status: 'ok' as const }),
  );
  const check = readiness(context);
  const response = { 200: ok, 503: errorAnswer };
  server.get(
    '/readyz',
    { config, schema: { operationId: 'readyz', summary: 'Whether Temporal and the store answer', security: [], response } },
    async () => {
      await check();
      return { status: 'ok' as const };
    },
  );
}

/** Callers at the same time share one check. @throws GatewayError 503 */
function readiness({ client, store, now }: GatewayContext): () => Promise<void> {
  let last: { at: number; result: Promise<void> } | null = null;
  const check = async () => {
    const { temporal } = client;
    await temporal
      .withDeadline(Date.now() + ANSWER_WITHIN_MS, () => temporal.connection.workflowService.getSystemInfo({}))
      .catch(away('Temporal'));
    await store.list({ kind: 'signing-key', holder: 'installation' }).catch(away('the store of secrets'));
  };
  return () => {
    if (last === null || now() - last.at > MAX_AGE_MS) last = { at: now(), result: check() };
    return last.result;
  };
}

const away =
  (what: string) =>
  (cause: unknown): never => {
    throw new GatewayError(503, 'Unavailable', `${what} does not answer`, { cause });
  };
