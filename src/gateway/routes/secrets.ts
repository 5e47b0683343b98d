/** Secrets and keys, of which no value is ever answered. */
import type { FastifyRequest } from 'fastify';
import type { SecretView } from '../../contract/secrets';
import { deleteSecret, listSecrets, type SecretHolder, setSecret } from '../../secrets/named-secrets';
import { ownerKey, rotateOwnerKey, viewOf } from '../../secrets/owner-key';
import { callerOf } from '../auth/authenticate';
import { authorizeOrganization, authorizeOwner } from '../auth/authorize-holder';
import { byOf } from '../auth/caller';
import type { GatewayContext } from '../dependencies';
import { GatewayError } from '../gateway-error';
import { withErrors } from '../schemas/answers';
import { deletedAnswer, holderPath, keyAnswer, secretAnswer, secretBody, secretPath, secretsAnswer } from '../schemas/secrets';
import type { GatewayServer } from '../server';

/** A value of 64 KiB, each byte as an escape sequence of JSON. */
const BODY_LIMIT_BYTES = 512 * 1024;
const MAX_VALUE_BYTES = 64 * 1024;

export function secretRoutes(server: GatewayServer, context: GatewayContext): void {
  secretRoutesOf(server, context, 'owner');
  secretRoutesOf(server, context, 'organization');
  keyRoutes(server, context);
}
