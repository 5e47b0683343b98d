import type { CoreV1Event } from '@kubernetes/client-node';

/** How a node names a pull that failed, or that it will try again. */
export const PULL_REASONS = new Set([
  'ErrImagePull',
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

/** Whether a registry said that there is no such image for us, which another try does not change. Names in quotes say nothing. */
export function isRefusal(error: string): boolean {
  const said = error.replaceAll(/"[^"]*"/g, '');
  return REFUSAL.test(said) && !ON_THE_NODE.test(said);
}

/** Whether nobody was asked, or too much was: says nothing of the image. */
export function isThrottled(error: string): boolean {
  return /pull QPS exceeded|too ?many ?requests|no space left on device/i.test(error);
}

/** In the words of containerd, of CRI-O, and of the registries behind them. */
const REFUSAL =
  /not found|does not exist|manifest unknown|name unknown|unauthorized|authorization failed|denied|forbidden|no such host/i;
/** A node that lost parts of an image says `not found` of them. */
const ON_THE_NODE = /failed to extract layer|content digest|snapshot/i;
