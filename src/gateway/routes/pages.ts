/** Answers as text for people, as `perennial status` prints them: the command in a workspace has no parser of JSON. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WorkspaceHandle } from '../../client';
import { formatExplanation } from '../../client/pages/explain-page';
import { toPlainText } from '../../client/pages/plain-text';
import { formatStatus } from '../../client/pages/status-page';
import type { ExplainView, StatusView } from '../../contract/payloads';

/** Whether the caller asks for text in the place of JSON. */
export const wantsText = (request: FastifyRequest): boolean => /^\s*text\/plain\s*(?:[;,]|$)/i.test(request.headers.accept ?? '');

/** The page of a status, which needs two more queries. */
export async function statusPage(handle: WorkspaceHandle, status: StatusView, now: number): Promise<string> {
  const isBuilding = status.build !== null && status.build.endedAt === null;
  const [{ why }, pending] = await Promise.all([handle.explain(), isBuilding ? handle.pendingStep() : null]);
  return formatStatus({ status, why, pending, now });
}

export const explainPage = (explanation: ExplainView, now: number): string => formatExplanation(explanation, now);

/** Sends a text where the route's schema has a view. */
export function sendText(reply: FastifyReply, text: string): never {
  reply.type('text/plain; charset=utf-8').serializer((page: unknown) => String(page));
  return `${toPlainText(text)}\n` as never;
}
