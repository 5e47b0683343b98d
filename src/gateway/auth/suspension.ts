/** Whether an organization has suspended an owner, whose tokens are refused then. */
import { type PerennialClient, RequestFailure } from '../../client';

/** A suspension reaches every copy within 60 s. */
const MAX_AGE_MS = 20_000;
const MAX_KEPT = 1_000;

interface Suspended {
  at: number;
  owners: ReadonlySet<string>;
}

/** Whether the organization's policy suspends the owner. */
export type IsSuspended = (owner: string, organization: string) => Promise<boolean>;

/** Reads policies. While no worker answers, a policy as last read holds. */
export function createSuspensions(client: PerennialClient, now: () => number): IsSuspended {
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

  return async (owner, organization) => {
    // Before the first task of a workspace its organization is not known.
    if (organization === '') return false;
    return (await suspendedIn(organization))?.owners.has(owner) ?? false;
  };
}
