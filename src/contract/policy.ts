/** The policy of an organization: its fields, and how others keep it. */
import type { Resources, Weekday } from './payloads';

/** Everything an organization decides; durations and quantities are text, as they were set. */
export interface Policy {
  version: number;
  /** What `image` is when it is left out; null leaves it to the first of `images`. */
  defaultImage: string | null;
  autoOff: { after: string; userControlled: boolean };
  autoStart: { weekdays: Weekday[]; timeZone: string | null; recentUse: string };
  images: { name: string; defaultTag: string; tags: Record<string, 'available' | 'deprecated' | 'decommissioned'> }[];
  resources: { default: Resources; max: Partial<Resources> | null };
  quota: {
    runningPerOwner: number | null;
    cpuPerOwner: string | null;
    memoryPerOwner: string | null;
    homesPerOwner: number | null;
    diskPerOwner: string | null;
  };
  build: { deadline: string; hookTimeout: string };
  retention: string;
  suspendedOwners: string[];
  podSecurity: 'restricted' | 'baseline';
  git: { host: string; knownHosts: string[] }[];
}

/** A policy as others than its organization keep it. */
export interface KnownPolicy extends Policy {
  /**
   * When it was last changed, in epoch milliseconds. It orders policies where a version does not: those of organizations that were
   * made one after the other under a name. Missing in what earlier versions kept.
   */
  changedAt?: number;
}

/** Of the internal signal `policyChanged`, from an organization to its workspaces. */
export interface PolicyChangedInput {
  policy: KnownPolicy;
}
