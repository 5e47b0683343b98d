/** The OpenAPI document, from the schemas that requests are checked by. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GatewayServer } from './server';

const DESCRIPTION = 'The lifecycle of workspaces, for workspaces themselves, people, and other services.';

/** Before the routes, which it collects. */
export async function collectOpenApi(server: GatewayServer, version: string): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Perennial', description: DESCRIPTION, version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

/** Behind the routes. */
export function serveOpenApi(server: GatewayServer): void {
  let document: ReturnType<GatewayServer['swagger']> | null = null;
  server.get(
    '/openapi.json',
    {
      config: { isPublic: true },
      schema: { operationId: 'openapi', summary: 'This document', security: [], response: { 200: z.looseObject({}) } },
    },
    async () => {
      document ??= withOptionalBodies(server.swagger());
      return document as unknown as Record<string, unknown>;
    },
  );
}

/** The part of a document that is changed below. */
interface Described {
  paths?: Record<string, Record<string, { requestBody?: Body }>>;
}

interface Body {
  required?: boolean;
  content: Record<string, { schema?: { required?: string[] } }>;
}

/** The plugin calls every body required; a body without a required field may be left out. */
function withOptionalBodies<Document>(document: Document): Document {
  for (const methods of Object.values((document as Described).paths ?? {})) {
    for (const { requestBody } of Object.values(methods)) {
      if (requestBody) requestBody.required = (requestBody.content['application/json']?.schema?.required ?? []).length > 0;
    }
  }
  return document;
}
