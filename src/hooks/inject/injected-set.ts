/** All that one pod is given over standard input: what `inject-secrets` writes into the pod's memory file system. */
export interface InjectedSet {
  /** The workspace's own access to the gateway; null where no gateway is configured. */
  access: { url: string; token: string } | null;
  /** The owner's SSH key pair in OpenSSH's formats; null where the policy names no Git host. */
  sshKey: { privateKey: string; publicKey: string; fingerprint: string } | null;
  /** The Git hosts of the policy, with their lines of `known_hosts`. */
  gitHosts: { host: string; knownHosts: string[] }[];
  /** Variables of hooks, commands, and terminals that begin later. */
  env: { name: string; value: Buffer }[];
  /** Files of the home, which become links; `path` is relative to the home, without `.`, `..`, or empty parts. */
  files: { path: string; value: Buffer }[];
  /** Credentials over HTTPS, for hosts of `gitHosts` alone; `expiresAt` in epoch seconds, null for none known. */
  credentials: { host: string; username: string; password: string; expiresAt: number | null }[];
}

/** What the pod answered after the injection was checked there. */
export interface InjectionResult {
  /** The fingerprint of the private key as read back in the pod, `SHA256:…`; null without a key. */
  fingerprint: string | null;
  /** Sentences for the build's warnings, such as a file that is in the way of a link. At most 20 of at most 300 characters. */
  warnings: string[];
}
