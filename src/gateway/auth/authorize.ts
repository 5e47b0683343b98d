/** Whether a caller may do something with a workspace. */
import { NAME } from '../../contract/names';
import { mayHavePod } from '../../contract/states';
import type { Caller, Scope } from '../../secrets/tokens';
import { GatewayError, noSuchWorkspace, notAllowed, unauthorized } from '../gateway-error';
import type { EarlierPods } from './earlier-pod';
import type { FindWorkspace, FoundWorkspace } from './find-workspace';
import type { IsSuspended } from './suspension';

/**
 * What a route does: `ping`; `read` (the queries); `operate-self` (what a workspace may also do itself: stop, rebuild); `operate` (all
 * other changes); `follow` (the events of a build); `inside` (full logs and terminals).
 */
export type Right = 'ping' | 'read' | 'operate-self' | 'operate' | 'follow' | 'inside';

/** The scope that a service needs; null: no service may. */
const SCOPE_OF: Record<Right, Scope | null> = {
  ping: 'ping',
  read: 'read',
  'operate-self': 'operate',
  operate: 'operate',
  follow: 'read',
  inside: null,
};

const OF_THE_WORKSPACE_ITSELF: readonly Right[] = ['ping', 'read', 'operate-self'];

/** How old the answer may be that a ping relies on. */
const PING_MAX_AGE_MS = 30_000;

export interface Target {
  owner: string;
  name: string;
}

export interface AccessRules {
  find: FindWorkspace;
  earlierPods: EarlierPods;
  isSuspended: IsSuspended;
}

/**
 * Resolves with the workspace where the caller may do this with it. Long calls, such as an open terminal, repeat the check.
 * @throws GatewayError 404 for what the caller may not see, 403 for what it may see but not do, 401 when the token's build has ended
 */
export async function authorize(rules: AccessRules, caller: Caller, right: Right, target: Target): Promise<FoundWorkspace> {
  const { owner, name } = target;
  const hidden = () => noSuchWorkspace(owner, name);
  if (!NAME.test(owner) || !NAME.test(name) || !mayNameIt(caller, target)) throw hidden();
  const maxAgeMs = right === 'ping' ? PING_MAX_AGE_MS : 0;
  const found = await rules.find(owner, name, maxAgeMs);
  if (caller.kind === 'workspace') await refuseEndedBuild({ rules, caller, found, maxAgeMs });
  if (found === null) throw hidden();
  if (caller.kind === 'service') {
    if (!caller.organizations.includes(found.organization)) throw hidden();
  } else if (await rules.isSuspended(owner, found.organization, right === 'ping')) throw suspended(owner, found.organization);
  refuseWithoutRight(caller, right);
  return found;
}

export const suspended = (owner: string, organization: string): GatewayError =>
  unauthorized(`the organization ${organization} has suspended ${owner}`);

/** Whether the token alone does not rule the workspace out. */
function mayNameIt(caller: Caller, { owner, name }: Target): boolean {
  if (caller.kind === 'service') return true;
  return caller.owner === owner && (caller.kind === 'owner' || caller.name === name);
}

interface TokenCheck {
  rules: AccessRules;
  caller: Caller & { kind: 'workspace' };
  found: FoundWorkspace | null;
  maxAgeMs: number;
}

/** A kept answer may be older than the token, so a refusal relies on a new one. */
async function refuseEndedBuild({ rules, caller, found, maxAgeMs }: TokenCheck): Promise<void> {
  if (isOfPod(caller, found)) return;
  const newest = maxAgeMs > 0 ? await rules.find.again(caller.owner, caller.name, caller.build) : found;
  if (isOfPod(caller, newest)) return;
  if (isRebuilding(caller, newest) && (await rules.earlierPods(caller, newest.build, maxAgeMs))) return;
  throw unauthorized(`the token is of build ${caller.build} of ${caller.owner}/${caller.name}, whose pod has ended`);
}

/** Whether a later build is under way, before which the pod of the token may live. */
function isRebuilding(
  { id, build }: TokenCheck['caller'],
  found: FoundWorkspace | null,
): found is FoundWorkspace & { build: number } {
  if (!found?.isOpen || found.id !== id || found.state !== 'building') return false;
  return found.build !== null && build < found.build;
}

function isOfPod({ id, build }: TokenCheck['caller'], found: FoundWorkspace | null): boolean {
  return found?.isOpen === true && found.id === id && found.build === build && mayHavePod(found.state);
}

/** @throws GatewayError 403 */
function refuseWithoutRight(caller: Caller, right: Right): void {
  if (caller.kind === 'owner') return;
  if (caller.kind === 'workspace') {
    if (OF_THE_WORKSPACE_ITSELF.includes(right)) return;
    throw notAllowed("the token of a workspace may read and ping it, stop it, and rebuild it; this needs the owner's token");
  }
  const scope = SCOPE_OF[right];
  if (scope === null) throw notAllowed("this needs the owner's token; no service may do it");
  refuseWithoutScope(caller, scope);
}

/** @throws GatewayError 403 */
export function refuseWithoutScope(caller: Caller & { kind: 'service' }, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new GatewayError(
    403,
    'NotAllowed',
    `expected a token with the scope ${scope}, got one with ${caller.scopes.join(', ') || 'none'}`,
  );
}
