/** The SSH keys of owners. The private key stays in the store and in pods. */
import { setTimeout as pause } from 'node:timers/promises';
import { awaitKeyDelivery } from '../../client/key-delivery';
import { changeSecrets } from '../../client/secrets-changed';
import { ownerKey, rotateOwnerKey, viewOf } from '../../secrets/owner-key';
import { callerOf } from '../auth/authenticate';
import { authorizeOwner } from '../auth/authorize-holder';
import type { GatewayContext } from '../dependencies';
import { withErrors } from '../schemas/answers';
import { keyAnswer, ownerPath, rotatedAnswer } from '../schemas/secrets';
import type { GatewayServer } from '../server';

/** A rotation reaches running workspaces within a minute. */
const DELIVERY_LIMIT_MS = 60_000;
const HANDLER_TIMEOUT_MS = 90_000;

export function keyRoutes(server: GatewayServer, context: GatewayContext): void {
  const { client, store, now } = context;
  const onRequest = (request: Parameters<typeof callerOf>[0]) =>
    authorizeOwner(context, callerOf(request), (request.params as { owner: string }).owner);
  server.get(
    '/v1/owners/:owner/key',
    {
      onRequest,
      schema: {
        operationId: 'ownerKey',
        summary: "The owner's public SSH key, which is made on first use",
        params: ownerPath,
        response: withErrors({ 200: keyAnswer }),
      },
    },
    async ({ params }) => viewOf(await ownerKey(store, params.owner)),
  );
  server.post(
    '/v1/owners/:owner/key/rotate',
    {
      config: { change: 'rotateKey' },
      handlerTimeout: HANDLER_TIMEOUT_MS,
      onRequest,
      schema: {
        operationId: 'rotateOwnerKey',
        summary: 'Makes a new key pair, and waits until the running workspaces have it, at most a minute',
        params: ownerPath,
        response: withErrors({ 200: rotatedAnswer }),
      },
    },
    async ({ params: { owner } }) => {
      const key = viewOf(await changeSecrets(client.temporal, { owner }, () => rotateOwnerKey(store, owner)));
      const wait = { owner, fingerprint: key.fingerprint, withinMs: DELIVERY_LIMIT_MS, now, pause };
      return { ...key, ...(await awaitKeyDelivery(client, wait)) };
    },
  );
}
