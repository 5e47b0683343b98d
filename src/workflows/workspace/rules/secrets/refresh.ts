/**
 * Implements docs/builds.md, "Secrets": when the pod is given its secrets again, and what it was given. A change during a build or a
 * refresh is served by the next one. The state has names and versions only.
 */
import { durationMs, MINUTE_MS } from '../../../../contract/duration';
import type { Injection } from '../../../../contract/internal/payloads';
import type { DeliveredSecret, SecretScope } from '../../../../contract/secrets';
import { stableFraction } from '../stable-hash';
import { newestBuild, type State } from '../state';
import { warn } from '../warnings';
import type { PodSecrets } from './secrets-state';

/** The token of a pod is replaced between these ages; each workspace has a deterministic offset, so that a fleet spreads its refreshes. */
const MIN_RENEW_MS = 25 * MINUTE_MS;
const MAX_RENEW_MS = 35 * MINUTE_MS;
/** A token that ends sooner is replaced at half of its life, but not more often than this. */
const MIN_PAUSE_MS = MINUTE_MS;
/** Changes within this time share one refresh, so that a flood of signals costs few events. */
const COALESCE_MS = 5_000;
/** After a refresh that failed permanently although the pod was not lost. */
const FAILED_PAUSE_MS = 5 * MINUTE_MS;

/** Notes that the pod has to be given its secrets again, now or after a delay. */
export function noteSecretsChanged({ secrets }: State, delayMs: number, now: number): void {
  // Later than the last read of the store began, which may have missed the change.
  const at = Math.max(now + delayMs, secrets.begunAt + COALESCE_MS);
  const { changes } = secrets;
  secrets.changes = { first: Math.min(changes?.first ?? at, at), last: Math.max(changes?.last ?? at, at) };
}

/** The build whose pod was given its secrets and still runs; null for none. */
export function podWithSecrets(state: State): number | null {
  const isUp = (state.phase === 'running' || state.phase === 'building') && state.ending === null;
  return isUp && isOfNewest(state) ? state.podBuild : null;
}

/** When the pod is given its secrets again; null without such a pod, and while that is under way. */
export function refreshAt(state: State): number | null {
  const { pod, changes, isRefreshing } = state.secrets;
  if (isRefreshing || podWithSecrets(state) === null) return null;
  const moments = [pod?.renewAt ?? null, changes?.first ?? null].filter((at) => at !== null);
  return moments.length === 0 ? null : Math.min(...moments);
}

/** As `refreshAt` while hooks run; null also where they end before, so that most builds arm no timer. */
export function refreshAtInBuild(state: State, now: number): number | null {
  const at = refreshAt(state);
  const hooksMs = 2 * durationMs(state.policy?.build.hookTimeout ?? '10m');
  return at !== null && at < now + hooksMs ? at : null;
}

/** Records that the store is read from now on, which serves all changes up to now. The latest of those announced for later stays due. */
export function beginInjection({ secrets }: State, now: number): void {
  const { changes } = secrets;
  secrets.begunAt = now;
  secrets.changes = changes && changes.last > now ? { first: changes.last, last: changes.last } : null;
}

/** Takes what the pod of a build was given. */
export function takeInjection(state: State, build: number, injection: Injection, now: number): void {
  const { delivered, fingerprint, expiresAt } = injection;
  state.secrets.pod = { build, delivered: pack(delivered), fingerprint, renewAt: renewAt(state, expiresAt, now) };
}

/** A pod that is gone has no secrets; the next one is given its own by its build. */
export function forgetPodSecrets(state: State): void {
  state.secrets.pod = null;
}

/** Begins a refresh; one at a time. */
export function beginRefresh(state: State, now: number): void {
  state.secrets.isRefreshing = true;
  beginInjection(state, now);
}

/** Ends a refresh with what the pod was given. The result for another pod than the present one is dropped. */
export function completeRefresh(state: State, build: number, injection: Injection, now: number): void {
  state.secrets.isRefreshing = false;
  const newest = newestBuild(state);
  if (!newest || podWithSecrets(state) !== build) return;
  takeInjection(state, build, injection, now);
  warn(newest, injection.warnings);
}

/** Ends a refresh that was not completed: what it was to serve is due again. The end of a run ends its refresh too. */
export function abandonRefresh(state: State, now: number): void {
  if (!state.secrets.isRefreshing) return;
  state.secrets.isRefreshing = false;
  noteSecretsChanged(state, 0, now);
}

/** Ends a refresh that failed permanently: without its pod there is nothing to refresh, otherwise it is tried again after a pause. */
export function failRefresh(state: State, build: number, { type }: { type: string }, now: number): void {
  const { secrets } = state;
  secrets.isRefreshing = false;
  if (secrets.pod?.build !== build) return;
  if (type === 'PodLost') return forgetPodSecrets(state);
  const at = now + FAILED_PAUSE_MS;
  secrets.changes = { first: at, last: at };
  if (secrets.pod.renewAt !== null) secrets.pod.renewAt = Math.max(secrets.pod.renewAt, at);
}

/** What the pod was given, as `status` shows it. */
export function deliveredSecrets(state: State): { secrets: DeliveredSecret[]; sshKey: string | null } {
  const { pod } = state.secrets;
  if (!pod || !isOfNewest(state)) return { secrets: [], sshKey: null };
  const list = (scope: SecretScope) => pod.delivered[scope].map(([name, version]) => ({ name, scope, version }));
  return { secrets: [...list('owner'), ...list('organization')], sshKey: pod.fingerprint };
}

/** Whether the pod that was last given secrets is that of the newest build, and no newer pod was found. */
function isOfNewest(state: State): boolean {
  const build = state.secrets.pod?.build;
  return build !== undefined && build === state.podBuild && build === newestBuild(state)?.number;
}

/** Names of 100 characters and 200 secrets are a part of the state's limit, so each is kept in few characters. */
function pack(delivered: DeliveredSecret[]): PodSecrets['delivered'] {
  const of = (scope: SecretScope) =>
    delivered.filter((secret) => secret.scope === scope).map(({ name, version }): [string, number] => [name, version]);
  return { owner: of('owner'), organization: of('organization') };
}

/** Well before the token ends; null where none was given. */
function renewAt({ id }: State, expiresAt: number | null, now: number): number | null {
  if (expiresAt === null) return null;
  const wanted = MIN_RENEW_MS + Math.floor(stableFraction(id) * (MAX_RENEW_MS - MIN_RENEW_MS));
  return now + Math.max(Math.min(wanted, (expiresAt - now) / 2), MIN_PAUSE_MS);
}
