/** Who makes a call, as its token says. */

/** What a service may do with the workspaces of its organizations. */
export const SCOPES = ['ping', 'read', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller of a request. `expiresAt` is the end of the token, epoch milliseconds. */
export type Caller =
  | { kind: 'owner'; owner: string; expiresAt: number }
  /** One workspace while one build of it has a pod; `id` is that of its home. */
  | { kind: 'workspace'; owner: string; name: string; id: string; build: number; expiresAt: number }
  | { kind: 'service'; name: string; scopes: Scope[]; organizations: string[]; expiresAt: number };

/** The name in logs, audit lines, and limits: the token's `sub`. */
export function subjectOf(caller: Caller): string {
  switch (caller.kind) {
    case 'owner':
      return `owner/${caller.owner}`;
    case 'workspace':
      return `workspace/${caller.owner}/${caller.name}`;
    case 'service':
      return `service/${caller.name}`;
  }
}

/** The `by` of what the caller asks for. A workspace and a service cannot pass for a person. */
export function byOf(caller: Caller): string {
  return caller.kind === 'owner' ? caller.owner : subjectOf(caller);
}
