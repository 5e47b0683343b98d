/**
 * The closed list of failure types, in two families. Pure data, so workflows may import it.
 * Source: the contract's section on failure types.
 */

/** Ends a build, or refuses a request, at once: trying again changes nothing. */
export const FINAL_TYPES = [
  'InvalidRequest',
  'NotAllowed',
  'QuotaExceeded',
  'ImageNotFound',
  'ImageInvalid',
  'HomeMissing',
  'BuildTimedOut',
  'NotFound',
] as const;

/** Retried until the build's deadline: the world may mend itself. */
export const TEMPORARY_TYPES = ['RuntimeUnavailable', 'NoCapacity', 'HomeBusy'] as const;

/**
 * Never shown as a build's refusal: `PodLost` sends a build back to `start-pod`, and `StaleBuild` tells a workspace that
 * a newer build than its own was seen (after a reset).
 */
export const INTERNAL_TYPES = ['PodLost', 'StaleBuild'] as const;

export type FinalType = (typeof FINAL_TYPES)[number];
export type TemporaryType = (typeof TEMPORARY_TYPES)[number];
export type InternalType = (typeof INTERNAL_TYPES)[number];
export type FailureType = FinalType | TemporaryType | InternalType;
