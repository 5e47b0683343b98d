/** The policy of an organization: its fields with their defaults, and how workspaces keep it. Durations and quantities are text, as set. */
import type { Resources, Weekday } from './settings';

/** Everything that an organization decides. */
export interface Policy {
  /** Rises by one with each change, from 1. */
  version: number;
  /** The image of a workspace that sets none; null leaves it to the first of `images` at its default tag. Default: null. */
  defaultImage: string | null;
  /** When inactivity stops a workspace. */
  autoOff: AutoOffPolicy;
  /** Which daily starts happen. */
  autoStart: AutoStartPolicy;
  /** The images that may be used, at most 50; empty allows every reference. Default: empty. */
  images: ImagePolicy[];
  /** The resources of workspaces: default and maximum. */
  resources: ResourcePolicy;
  /** What all workspaces of one owner may use together. */
  quota: QuotaPolicy;
  /** Time limits of builds. */
  build: BuildPolicy;
  /** How long a deleted home is kept, from 1 minute to 365 days. Default: `7d`. */
  retention: string;
  /** At most 1,000 owners whose workspaces stop and do not start; their homes stay. Default: empty. */
  suspendedOwners: string[];
  /** The Pod Security level that pods pass. Default: `restricted`. */
  podSecurity: 'restricted' | 'baseline';
  /** The Git hosts that owners' keys and credentials are for. Default: empty. */
  git: GitHostPolicy[];
}

/** When inactivity stops a workspace. */
export interface AutoOffPolicy {
  /** A duration from 1 minute to 30 days, or `never`. Default: `2h`. */
  after: string;
  /** Whether a workspace may set its own threshold. Default: false. */
  userControlled: boolean;
}

/** Which daily starts happen. */
export interface AutoStartPolicy {
  /** The days on which workspaces may start; empty turns auto-start off. Default: all seven. */
  weekdays: Weekday[];
  /** The zone in which `weekdays` are judged; null: that of each workspace. Default: null. */
  timeZone: string | null;
  /** How recently a workspace must have been accessed or built by hand, from 1 minute to 365 days. Default: `4d`. */
  recentUse: string;
}

/** One image that may be used. */
export interface ImagePolicy {
  /** The reference without a tag. */
  name: string;
  /** The tag of a reference that has none, and in the place of a decommissioned one. Where `tags` lacks it, it is available. */
  defaultTag: string;
  /** By tag, at most 100; others are not allowed. `deprecated` still builds and is shown; `decommissioned` builds with the default tag. */
  tags: Record<string, 'available' | 'deprecated' | 'decommissioned'>;
}

/** The resources of workspaces. */
export interface ResourcePolicy {
  /** Of a workspace that sets none. Default: cpu `1`, memory `2Gi`, disk `10Gi`. */
  default: Resources;
  /** The most that a workspace may have; null, or an absent field: no limit. Default: null. */
  max: Partial<Resources> | null;
}

/** What all workspaces of one owner may use together; null: no limit. All default to null. */
export interface QuotaPolicy {
  /** Workspaces that are building, running, or turning off. */
  runningPerOwner: number | null;
  /** Cores of those, a Kubernetes quantity. */
  cpuPerOwner: string | null;
  /** Bytes of memory of those, a Kubernetes quantity. */
  memoryPerOwner: string | null;
  /** Homes that exist, also of workspaces that are off or deleted. */
  homesPerOwner: number | null;
  /** Bytes of those, a Kubernetes quantity. */
  diskPerOwner: string | null;
}

/** Time limits of builds. */
export interface BuildPolicy {
  /** How long a build may take without its hooks, retries included, and without its wait for a first slot or a worker. Default: `30m`. */
  deadline: string;
  /** How long each of `configure` and `personalize` may run. Default: `10m`. */
  hookTimeout: string;
}

/** A Git host. */
export interface GitHostPolicy {
  /** Its name, such as `github.com`. */
  host: string;
  /** Its lines of `known_hosts`. */
  knownHosts: string[];
}

/** One change of a policy. */
export interface PolicyChange {
  /** When, ISO 8601 in UTC. */
  at: string;
  /** Who asked; null: unknown. */
  by: string | null;
  /** The version that it made. */
  version: number;
  /** The fields that were set, as dotted paths. */
  fields: string[];
}

/** A policy as its workspaces keep it. */
export interface KnownPolicy extends Policy {
  /**
   * When it was last changed, in epoch milliseconds. It orders policies where a version does not: those of organizations that were
   * created one after the other under one name. Absent in what earlier versions kept.
   */
  changedAt?: number;
}

/** When a policy was last changed, in epoch milliseconds; 0 when unknown. */
export function lastChangeAt(changes: readonly PolicyChange[]): number {
  return Date.parse(changes.at(-1)?.at ?? '') || 0;
}

/** The policy as one owner's workspaces need it: of the suspended owners at most that one, since there may be a thousand. */
export function policyForOwner<P extends Policy>(policy: P, owner: string | null): P {
  return { ...policy, suspendedOwners: policy.suspendedOwners.filter((suspended) => suspended === owner) };
}
