/** Secrets of owners and of organizations, of which no value is ever answered. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { changeSecrets } from '../../client/secrets-changed';
import { deleteSecret, listSecrets, type SecretHolder, setSecret } from '../../secrets/named-secrets';
import { callerOf } from '../auth/authenticate';
import { authorizeOrganization, authorizeOwner } from '../auth/authorize-holder';
import { byOf } from '../auth/caller';
import type { GatewayContext } from '../dependencies';
import { GatewayError } from '../gateway-error';
import { withErrors } from '../schemas/answers';
import {
  deletedAnswer,
  organizationPath,
  organizationSecretPath,
  ownerPath,
  ownerSecretPath,
  secretAnswer,
  secretBody,
  secretsAnswer,
} from '../schemas/secrets';
import type { GatewayServer } from '../server';

const MAX_VALUE_BYTES = 64 * 1024;
/** Each byte of a value may be an escape sequence of six characters. */
const BODY_LIMIT_BYTES = 6 * MAX_VALUE_BYTES + 4 * 1024;
/** A large organization has many workspaces to signal, before the change and after it. */
const HANDLER_TIMEOUT_MS = 180_000;

/** The routes of one kind of holder. */
interface HolderRoutes {
  /** Begins the names of operations. */
  kind: 'owner' | 'organization';
  path: string;
  ofHolder: z.ZodType;
  ofSecret: z.ZodType;
  onRequest(request: FastifyRequest): Promise<void>;
  holderOf(request: FastifyRequest): SecretHolder;
}

export function secretRoutes(server: GatewayServer, context: GatewayContext): void {
  const nameIn = (request: FastifyRequest, field: 'owner' | 'organization') =>
    (request.params as Record<typeof field, string>)[field];
  const add = (routes: HolderRoutes) => {
    readsOf(server, context, routes);
    changesOf(server, context, routes);
  };
  add({
    kind: 'owner',
    path: '/v1/owners/:owner/secrets',
    ofHolder: ownerPath,
    ofSecret: ownerSecretPath,
    onRequest: (request) => authorizeOwner(context, callerOf(request), nameIn(request, 'owner')),
    holderOf: (request) => ({ scope: 'owner', name: nameIn(request, 'owner') }),
  });
  add({
    kind: 'organization',
    path: '/v1/organizations/:organization/secrets',
    ofHolder: organizationPath,
    ofSecret: organizationSecretPath,
    onRequest: (request) => authorizeOrganization(callerOf(request), nameIn(request, 'organization')),
    holderOf: (request) => ({ scope: 'organization', name: nameIn(request, 'organization') }),
  });
}

function readsOf(server: GatewayServer, { store }: GatewayContext, routes: HolderRoutes): void {
  const { kind, path, onRequest, holderOf } = routes;
  server.get(
    path,
    {
      onRequest,
      schema: {
        operationId: `${kind}Secrets`,
        summary: `The secrets of the ${kind}, without values`,
        params: routes.ofHolder,
        response: withErrors({ 200: secretsAnswer }),
      },
    },
    (request) => listSecrets(store, holderOf(request)),
  );
  server.get(
    `${path}/:name`,
    {
      onRequest,
      schema: {
        operationId: `${kind}Secret`,
        summary: `One secret of the ${kind}, without its value`,
        params: routes.ofSecret,
        response: withErrors({ 200: secretAnswer }),
      },
    },
    async (request) => {
      const { scope, name: holder } = holderOf(request);
      const name = secretIn(request);
      const found = (await listSecrets(store, holderOf(request))).find((secret) => secret.name === name);
      if (found === undefined) throw new GatewayError(404, 'NotFound', `${scope} ${holder} has no secret ${name}`);
      return found;
    },
  );
}

function changesOf(server: GatewayServer, { store, client }: GatewayContext, routes: HolderRoutes): void {
  const { kind, path, onRequest, holderOf } = routes;
  const change = <T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> => {
    const { scope, name } = holderOf(request);
    return changeSecrets(client.temporal, scope === 'owner' ? { owner: name } : { organization: name }, work);
  };
  server.put(
    `${path}/:name`,
    {
      config: { change: 'setSecret' },
      bodyLimit: BODY_LIMIT_BYTES,
      handlerTimeout: HANDLER_TIMEOUT_MS,
      onRequest,
      schema: {
        operationId: `set${kind === 'owner' ? 'Owner' : 'Organization'}Secret`,
        summary: `Sets a secret of the ${kind}; running workspaces have it within a minute`,
        params: routes.ofSecret,
        body: secretBody,
        response: withErrors({ 200: secretAnswer }),
      },
    },
    (request) => {
      const { target, ...sent } = request.body;
      const value = bytesOf(sent);
      const by = byOf(callerOf(request));
      const input = { holder: holderOf(request), name: secretIn(request), target: { ...target }, value, by };
      return change(request, () => setSecret(store, input));
    },
  );
  server.delete(
    `${path}/:name`,
    {
      config: { change: 'deleteSecret' },
      handlerTimeout: HANDLER_TIMEOUT_MS,
      onRequest,
      schema: {
        operationId: `delete${kind === 'owner' ? 'Owner' : 'Organization'}Secret`,
        summary: `Deletes a secret of the ${kind}; running workspaces lose it within a minute`,
        params: routes.ofSecret,
        response: withErrors({ 200: deletedAnswer }),
      },
    },
    async (request) => {
      const deleted = { holder: holderOf(request), name: secretIn(request), by: byOf(callerOf(request)) };
      const { version } = await change(request, () => deleteSecret(store, deleted));
      return { version };
    },
  );
}

const secretIn = (request: FastifyRequest): string => (request.params as { name: string }).name;

/** @throws GatewayError 400 for what is no base64, 413 for what is too large */
function bytesOf({ value, encoding = 'utf8' }: Pick<z.infer<typeof secretBody>, 'value' | 'encoding'>): Buffer {
  if (encoding === 'base64' && !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    throw new GatewayError(400, 'InvalidRequest', 'value: expected base64, got other text');
  const bytes = Buffer.from(value, encoding);
  if (bytes.length <= MAX_VALUE_BYTES) return bytes;
  throw new GatewayError(413, 'TooLarge', `value: expected at most ${MAX_VALUE_BYTES} bytes, got ${bytes.length}`);
}
