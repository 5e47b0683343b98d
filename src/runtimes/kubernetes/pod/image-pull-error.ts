import type { CoreV1Event } from '@kubernetes/client-node';

/** The reasons of a container whose pull failed, or will be retried. */
export const PULL_REASONS = new Set([
  'ErrImagePull',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

/**
 * The error of the last pull, from the registry or the network. While an older node waits for its next attempt, only the newest event
 * has it. `events` are newest first.
 */
export function pullError(message: string, events: CoreV1Event[]): string {
  const error = message.replace(/^Back-off pulling image "[^"]*"(?:: ErrImagePull)?(?:: )?/, '');
  if (error !== '') return error;
  const failed = events.find((event) => event.message?.startsWith('Failed to pull image'))?.message;
  return failed?.replace(/^Failed to pull image "[^"]*": /, '') ?? message;
}

/**
 * The verdict on a failed pull. `missing`: the registry reported that the image does not exist. `unfit`: it has none for this kind of
 * machine. `denied`: the image may not exist, or need a pull secret. `throttled`: the node or the registry limits pulls, or the node is
 * full. Any other error is `passing`: networks, name services, token services, and registries fail for a while.
 */
export type PullVerdict = 'missing' | 'unfit' | 'denied' | 'throttled' | 'passing';

/** Judges the error of a pull. */
export function judgePull(error: string): PullVerdict {
  // Quoted names and addresses may contain any word; so may unquoted ones, which have a slash.
  const message = error.replaceAll(/"[^"]*"/g, '""');
  const words = message
    .split(/\s+/)
    .filter((word) => !word.includes('/'))
    .join(' ');
  if (THROTTLED.test(words)) return 'throttled';
  if (UNFIT.test(message)) return 'unfit';
  if (MISSING.some((pattern) => pattern.test(message))) return 'missing';
  return DENIED.test(words) ? 'denied' : 'passing';
}

const THROTTLED = /pull QPS exceeded|too ?many ?requests|no space left on device/i;
/** Messages of containerd and CRI-O. */
const UNFIT = /no match for platform in manifest|no image found in (?:image index|manifest list) for architecture/i;
/**
 * Codes of the registry's answer, as CRI-O and Docker repeat them, and the end of containerd's message for a missing manifest. Its message
 * for a missing layer, or a part of an image on the node, ends with `not found` too, and may pass.
 */
const MISSING = [
  /\bmanifest unknown\b|\bMANIFEST_UNKNOWN\b|\bname unknown\b|\bNAME_UNKNOWN\b/i,
  /failed to resolve (?:reference|image)(?: "")?: [^\s"]+: not found$/i,
  /^[^\s"]+: not found$/i,
];
const DENIED =
  /\bunauthorized\b|authorization failed|authentication required|access denied|\bdenied\b|\bforbidden\b|insufficient_scope/i;
