/** Who makes a call, as its token says. */

/** What a service may do with the workspaces of its organizations. */
export const SCOPES = ['ping', 'read', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller of a request. `expiresAt` is the end of the token, epoch milliseconds. */
export type Caller = (
  | { kind: 'owner'; owner: string }
  /** One workspace while one build of it has a pod; `id` is that of its home. */
  | { kind: 'workspace'; owner: string; name: string; id: string; build: number }
  | { kind: 'service'; name: string; scopes: Scope[]; organizations: string[] }
) & { subject: string; expiresAt: number };

/** The `by` of what the caller asks for. A workspace and a service cannot pass for a person. */
export function byOf(caller: Caller): string {
  return caller.kind === 'owner' ? caller.owner : caller.subject;
}
