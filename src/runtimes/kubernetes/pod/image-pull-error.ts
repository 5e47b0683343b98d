import type { CoreV1Event } from '@kubernetes/client-node';

/** How a node names a pull that failed, or that it will try again. */
export const PULL_REASONS = new Set([
  'ErrImagePull',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

/**
 * What the registry, or the way to it, said when the image was last pulled. While a node waits before its next try, older ones
 * say only that; then the newest event has it. `events` are newest first.
 */
export function pullError(message: string, events: CoreV1Event[]): string {
  const said = message.replace(/^Back-off pulling image "[^"]*"(?:: ErrImagePull)?(?:: )?/, '');
  if (said !== '') return said;
  const failed = events.find((event) => event.message?.startsWith('Failed to pull image'))?.message;
  return failed?.replace(/^Failed to pull image "[^"]*": /, '') ?? message;
}

/**
 * What an error of a pull says of the image: `missing` is the registry's own word that there is no such image, `unfit` that it has
 * none for this kind of machine, `denied` that it may not be there or may not be ours, `throttled` that nobody was asked or too much
 * was. All else passes: networks, name services, token services, and registries fail for a while.
 */
export type PullVerdict = 'missing' | 'unfit' | 'denied' | 'throttled' | 'passing';

export function judgePull(error: string): PullVerdict {
  // Quoted names and addresses may contain any word; so may unquoted ones, which have a slash.
  const message = error.replaceAll(/"[^"]*"/g, '""');
  const words = message.replaceAll(/\S*\/\S*/g, '');
  if (THROTTLED.test(words)) return 'throttled';
  if (UNFIT.test(message)) return 'unfit';
  if (MISSING.some((pattern) => pattern.test(message))) return 'missing';
  return DENIED.test(words) ? 'denied' : 'passing';
}

const THROTTLED = /pull QPS exceeded|too ?many ?requests|no space left on device/i;
/** Of containerd, and of CRI-O. */
const UNFIT = /no match for platform in manifest|no image found in (?:image index|manifest list) for architecture/i;
/**
 * Codes of the registry's answer, as CRI-O and Docker repeat them, and how containerd ends when the manifest is not found. Of a layer
 * it says `not found` too, which a registry may just have lost sight of, and of parts of an image on the node.
 */
const MISSING = [
  /\bmanifest unknown\b|\bMANIFEST_UNKNOWN\b|\bname unknown\b|\bNAME_UNKNOWN\b/i,
  /failed to resolve (?:reference|image)(?: "")?: [^\s"]+: not found$/i,
  /^[^\s"]+: not found$/i,
];
const DENIED =
  /\bunauthorized\b|authorization failed|authentication required|access denied|\bdenied\b|\bforbidden\b|insufficient_scope/i;
