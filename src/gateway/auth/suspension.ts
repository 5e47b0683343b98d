/** Whether an organization has suspended an owner, whose tokens are refused then. */
import { type PerennialClient, RequestFailure } from '../../client';

/** A suspension reaches every copy within 60 s. */
const MAX_AGE_MS = 20_000;
/** How old the policy may be that a ping relies on. */
const PING_MAX_AGE_MS = 30_000;
/** How long pings wait for a read of the policy, from its begin. */
const PING_WAIT_MS = 2_000;
const MAX_KEPT = 1_000;

interface Suspended {
  at: number;
  owners: ReadonlySet<string>;
}

/** A read of a policy under way. */
interface Reading {
  done: Promise<Suspended>;
  /** Resolves when pings wait no longer: with the policy, or with null. Never rejects. */
  doneForPing: Promise<Suspended | null>;
}

/**
 * Whether the organization's policy suspends the owner. A ping waits for a worker only briefly: without an answer it relies on the policy as
 * last read, and counts as not suspended before the first read.
 */
export type IsSuspended = (owner: string, organization: string, isPing?: boolean) => Promise<boolean>;

/** Reads policies. While no worker answers, a policy as last read holds. */
export function createSuspensions(client: PerennialClient, now: () => number): IsSuspended {
  const kept = new Map<string, Suspended>();
  const reading = new Map<string, Reading>();

  const read = async (organization: string): Promise<Suspended> => {
    const suspended = { at: now(), owners: new Set(await suspendedIn(client, organization)) };
    kept.delete(organization);
    kept.set(organization, suspended);
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return suspended;
  };

  /** Callers at the same time share one read. */
  const readOnce = (organization: string): Reading => {
    const shared = reading.get(organization);
    if (shared) return shared;
    const done = read(organization).finally(() => reading.delete(organization));
    const begun = { done, doneForPing: orNullAfter(done, PING_WAIT_MS) };
    reading.set(organization, begun);
    return begun;
  };

  return async (owner, organization, isPing = false) => {
    // Before the first task of a workspace its organization is not known.
    if (organization === '') return false;
    const known = kept.get(organization);
    const ageMs = known ? now() - known.at : Number.POSITIVE_INFINITY;
    if (known && ageMs <= MAX_AGE_MS) return known.owners.has(owner);
    const { done, doneForPing } = readOnce(organization);
    if (isPing) {
      const renewed = ageMs <= PING_MAX_AGE_MS ? null : await doneForPing;
      return (renewed ?? known)?.owners.has(owner) ?? false;
    }
    const renewed = await done.catch((error: unknown) => {
      if (known) return known;
      throw error;
    });
    return renewed.owners.has(owner);
  };
}

/** Null where the work fails or takes longer. */
function orNullAfter<T>(work: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), ms);
    work
      .catch(() => null)
      .then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
  });
}

async function suspendedIn(client: PerennialClient, organization: string): Promise<string[]> {
  try {
    return (await client.organization(organization).policy()).suspendedOwners;
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return [];
    throw error;
  }
}
