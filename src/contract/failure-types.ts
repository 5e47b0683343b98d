/** The closed list of failure types, in families. Pure data, so that workflows may import it. */

/** Ends a build, or refuses a request, without a retry: another attempt changes nothing. */
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

/** Retried until the build's deadline: the runtime may recover. */
export const TEMPORARY_TYPES = ['RuntimeUnavailable', 'NoCapacity', 'HomeBusy'] as const;

/**
 * `PodLost` sends a build back to `start-pod`, and is a build's failure only after too many losses. `StaleBuild` informs a workspace
 * that was reset of a build with a higher number than its own.
 */
export const INTERNAL_TYPES = ['PodLost', 'StaleBuild'] as const;

/** A failure that is never retried. */
export type FinalType = (typeof FINAL_TYPES)[number];
/** A failure that is retried until the build's deadline. */
export type TemporaryType = (typeof TEMPORARY_TYPES)[number];
/** A failure between Perennial's own parts. */
export type InternalType = (typeof INTERNAL_TYPES)[number];
/** Every type that a failure of Perennial may have. */
export type FailureType = FinalType | TemporaryType | InternalType;
