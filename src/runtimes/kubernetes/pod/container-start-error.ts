/**
 * Whether a container cannot start because of what its image is: no shell, no such user, another machine's programs. All other
 * errors may be the node's, which may mend itself. `reason` and `message` are the container's, waiting or terminated.
 */
export function isFaultOfImage(reason: string, message: string): boolean {
  return FAULTS.some(([reasons, words]) => reasons.test(reason) && words.test(message)) && !ON_THE_NODE.test(message);
}

/** How a node names a container that it cannot make, or whose first process it cannot start. */
export const START_REASONS =
  /^(?:CreateContainerConfigError|CreateContainerError|RunContainerError|StartError|ContainerCannotRun)$/;

/** In the words of the kubelet, of containerd and of runc, and of the kernel. */
const FAULTS: [reasons: RegExp, words: RegExp][] = [
  [/^CreateContainerConfigError$/, /non-?root/i],
  [/^CreateContainerError$/, /no (?:users|groups) found|unable to find (?:user|group)|\/etc\/passwd|no command specified/i],
  [/^(?:RunContainerError|StartError|ContainerCannotRun)$/, /^/],
  [/^Error$/, /exec format error/],
];
const ON_THE_NODE =
  /cgroup|OOM-killed|no space left|cannot allocate memory|resource temporarily unavailable|deadline exceeded|connection refused|ttrpc: closed/i;
