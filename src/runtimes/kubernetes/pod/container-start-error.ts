/**
 * Whether a container cannot start because of its image: no shell, no such user, programs for another machine. Any other error may be
 * the node's, and may pass. `reason` and `message` are those of the container, waiting or terminated.
 */
export function isFaultOfImage(reason: string, message: string): boolean {
  return FAULTS.some(([reasons, words]) => reasons.test(reason) && words.test(message)) && !ON_THE_NODE.test(message);
}

/** The reasons of a container that cannot be created, or whose first process cannot start. */
export const START_REASONS =
  /^(?:CreateContainerConfigError|CreateContainerError|RunContainerError|StartError|ContainerCannotRun)$/;

/** Messages of the kubelet, of containerd and runc, and of the kernel. */
const FAULTS: [reasons: RegExp, words: RegExp][] = [
  [/^CreateContainerConfigError$/, /non-?root/i],
  [/^CreateContainerError$/, /no (?:users|groups) found|unable to find (?:user|group)|\/etc\/passwd|no command specified/i],
  [/^(?:RunContainerError|StartError|ContainerCannotRun)$/, /^/],
  [/^Error$/, /exec format error/],
];
const ON_THE_NODE =
  /cgroup|OOM-killed|no space left|cannot allocate memory|resource temporarily unavailable|deadline exceeded|connection refused|ttrpc: closed/i;
