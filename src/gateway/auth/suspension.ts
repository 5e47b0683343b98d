/** Whether an organization has suspended an owner, whose tokens are refused then. */
import { type PerennialClient, RequestFailure } from '../../client';
import { unauthorized } from '../gateway-error';

/** A suspension reaches every copy within 60 s. */
const MAX_AGE_MS = 20_000;
const MAX_KEPT = 1_000;

interface Suspended {
  at: number;
  owners: ReadonlySet<string>;
}

/** Refuses the owners that a policy suspends. While no worker answers, the policy as last read holds. */
export function createSuspensions(client: PerennialClient, now: () => number) {
  const kept = new Map<string, Suspended>();
  const reading = new Map<string, Promise<Suspended>>();

  const read = async (organization: string): Promise<Suspended> => {
    const { suspendedOwners } = await client.organization(organization).policy();
    const suspended = { at: now(), owners: new Set(suspendedOwners) };
    kept.delete(organization);
    kept.set(organization, suspended);
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return suspended;
  };

  const readOnce = (organization: string): Promise<Suspended> => {
    const shared = reading.get(organization) ?? read(organization).finally(() => reading.delete(organization));
    reading.set(organization, shared);
    return shared;
  };

  const suspendedIn = async (organization: string): Promise<Suspended | null> => {
    const known = kept.get(organization) ?? null;
    if (known && now() - known.at <= MAX_AGE_MS) return known;
    try {
      return await readOnce(organization);
    } catch (error) {
      if (error instanceof RequestFailure && error.type === 'NotFound') return null;
      if (known) return known;
      throw error;
    }
  };

  /** @throws GatewayError 401 */
  return async (owner: string, organization: string): Promise<void> => {
    // Before the first task of a workspace its organization is not known.
    if (organization === '') return;
    const suspended = await suspendedIn(organization);
    if (suspended?.owners.has(owner)) throw unauthorized(`the organization ${organization} has suspended ${owner}`);
  };
}
