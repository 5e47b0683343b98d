/** Secrets as they may be shown: names, targets, versions. A value never leaves the store but to the pod that it is injected into. */

/** Whose secret it is: of all workspaces of one owner, or of all workspaces of one organization. */
export type SecretScope = 'owner' | 'organization';

/** Where the value of a secret arrives in a workspace. */
export type SecretTarget =
  /** An environment variable of hooks and terminals that begin later. */
  | { env: string }
  /** A file of the home, relative to it, which becomes a link. */
  | { file: string }
  /** The credential of a Git host over HTTPS; the value is the token. */
  | { git: string; username: string };

/** One secret, without its value. */
export interface SecretView {
  /** Its name, unique in its scope: 1 to 100 of `A-Z`, `a-z`, `0-9`, `_`, `-`, `.`, and it begins with a letter or digit. */
  name: string;
  /** Whose secret it is. */
  scope: SecretScope;
  /** Where its value arrives. */
  target: SecretTarget;
  /** Rises by one with each change, from 1, also across a deletion. */
  version: number;
  /** When it was last set, ISO 8601 in UTC. */
  at: string;
  /** Who set it; null: unknown. */
  by: string | null;
}

/** A secret that a pod has, in `status.secrets`. */
export interface DeliveredSecret {
  /** The secret's name. */
  name: string;
  /** Whose secret it is. */
  scope: SecretScope;
  /** The version that was delivered. */
  version: number;
}

/** An owner's public SSH key. */
export interface KeyView {
  /** The owner's name. */
  owner: string;
  /** One line as in `authorized_keys`: `ssh-ed25519 AAAA… owner@perennial`. */
  publicKey: string;
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  fingerprint: string;
  /** Rises by one with each rotation, from 1. */
  version: number;
  /** When it was made, ISO 8601 in UTC. */
  createdAt: string;
}
