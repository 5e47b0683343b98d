/** Whether a caller may manage the secrets and the key of an owner, or the secrets of an organization. */
import type { PerennialClient } from '../../client';
import { NAME } from '../../contract/names';
import type { Caller } from '../../secrets/tokens';
import { GatewayError, notAllowed } from '../gateway-error';
import { refuseWithoutScope, suspended } from './authorize';
import type { IsSuspended } from './suspension';

export interface HolderRules {
  client: PerennialClient;
  isSuspended: IsSuspended;
  /** Does calls to Temporal with the deadline for one request. */
  withDeadline<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * The owner may, and a service that administers every organization in which the owner has a workspace: the owner's secrets arrive in all
 * of them.
 * @throws GatewayError 404 for what the caller may not see, 403, 401 for an owner who is suspended
 */
export async function authorizeOwner(rules: HolderRules, caller: Caller, owner: string): Promise<void> {
  const hidden = new GatewayError(404, 'NotFound', `owner ${owner} does not exist`);
  if (!NAME.test(owner) || (caller.kind !== 'service' && caller.owner !== owner)) throw hidden;
  if (caller.kind === 'workspace') throw notAllowed("secrets and keys need the owner's token");
  return rules.withDeadline(() => authorizeBy(rules, caller, owner, hidden));
}

async function authorizeBy(
  { client, isSuspended }: HolderRules,
  caller: Caller & { kind: 'owner' | 'service' },
  owner: string,
  hidden: GatewayError,
) {
  const list = await client.list({ owner });
  const organizations = [...new Set(list.map(({ organization }) => organization))];
  if (caller.kind === 'service') {
    if (organizations.length === 0 || !organizations.every((name) => caller.organizations.includes(name))) throw hidden;
    return refuseWithoutScope(caller, 'admin');
  }
  for (const organization of organizations) {
    if (await isSuspended(owner, organization)) throw suspended(owner, organization);
  }
}

/** A service that administers the organization may. @throws GatewayError 404 for what the caller may not see, 403 */
export async function authorizeOrganization(caller: Caller, organization: string): Promise<void> {
  if (caller.kind !== 'service' || !NAME.test(organization) || !caller.organizations.includes(organization))
    throw new GatewayError(404, 'NotFound', `organization ${organization} does not exist`);
  refuseWithoutScope(caller, 'admin');
}
