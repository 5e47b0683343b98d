/** Whether an organization has suspended an owner, whose tokens are refused then. */
import { type PerennialClient, RequestFailure } from '../../client';

/** A suspension reaches every copy within 60 s. */
const MAX_AGE_MS = 20_000;
const MAX_KEPT = 1_000;

interface Suspended {
  at: number;
  owners: ReadonlySet<string>;
}

/**
 * Whether the organization's policy suspends the owner. A ping does not wait for a worker: it relies on the policy as last read, and counts
 * as not suspended before the first read.
 */
export type IsSuspended = (owner: string, organization: string, isPing?: boolean) => Promise<boolean>;

/** Reads policies. While no worker answers, a policy as last read holds. */
export function createSuspensions(client: PerennialClient, now: () => number): IsSuspended {
  const kept = new Map<string, Suspended>();
  const reading = new Map<string, Promise<Suspended>>();

  const read = async (organization: string): Promise<Suspended> => {
    const suspended = { at: now(), owners: new Set(await suspendedIn(client, organization)) };
    kept.delete(organization);
    kept.set(organization, suspended);
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return suspended;
  };

  /** Callers at the same time share one read. */
  const readOnce = (organization: string): Promise<Suspended> => {
    const shared = reading.get(organization) ?? read(organization).finally(() => reading.delete(organization));
    reading.set(organization, shared);
    return shared;
  };

  return async (owner, organization, isPing = false) => {
    // Before the first task of a workspace its organization is not known.
    if (organization === '') return false;
    const known = kept.get(organization);
    if (known && now() - known.at <= MAX_AGE_MS) return known.owners.has(owner);
    const renewed = readOnce(organization).catch((error: unknown) => {
      if (known || isPing) return known;
      throw error;
    });
    return (isPing ? known : await renewed)?.owners.has(owner) ?? false;
  };
}

async function suspendedIn(client: PerennialClient, organization: string): Promise<string[]> {
  try {
    return (await client.organization(organization).policy()).suspendedOwners;
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return [];
    throw error;
  }
}
