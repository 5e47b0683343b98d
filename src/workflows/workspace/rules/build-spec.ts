/**
 * Implements docs/policy.md, "Fields": the image, resources, and environment of the next build, from the policy and the
 * workspace's own settings, and docs/messages.md, "States and requests" (equal builds).
 */
import type { Resources } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { quantity } from '../../../contract/quantity';
import type { OwnSettings } from '../../../contract/settings';
import { invalid, Refusal } from '../../input/refusal';
import { resolveImage } from '../../organization/rules/images';
import { effectiveDotfiles } from './owner/owner';
import type { BuildSpec, State } from './state';

const RESOURCES = ['cpu', 'memory', 'disk'] as const;

/**
 * The specification of a build with these settings under this policy. `disk` is never smaller than the present home's.
 * Throws a Refusal that names the field that is wrong or not allowed.
 */
export function wantedSpec(state: State, own: OwnSettings, policy: Policy): BuildSpec {
  return {
    image: resolveImage(own.image, policy).reference,
    resources: wantedResources(state, own, policy),
    env: own.env ?? {},
    dotfiles: effectiveDotfiles(state, own),
  };
}

/** The specification of the next build; null until the policy is first read, or when it refuses the workspace's settings. */
export function nextSpec(state: State): BuildSpec | null {
  if (!state.policy) return null;
  try {
    return wantedSpec(state, state.own, state.policy);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** Whether two specifications result in the same workspace. */
export function isEqualSpec(a: BuildSpec, b: BuildSpec): boolean {
  return a.image === b.image && RESOURCES.every((key) => isSameQuantity(a, b, key)) && canonical(a.env) === canonical(b.env);
}

/** What the next build would change, as one sentence; null when nothing. */
export function waitingChange(built: BuildSpec, wanted: BuildSpec): string | null {
  const changes: string[] = [];
  if (built.image !== wanted.image) changes.push(`image ${wanted.image} (now ${built.image})`);
  for (const key of RESOURCES) {
    if (!isSameQuantity(built, wanted, key)) changes.push(`${key} ${wanted.resources[key]} (now ${built.resources[key]})`);
  }
  if (canonical(built.env) !== canonical(wanted.env)) changes.push('another environment');
  if (canonical(built.dotfiles) !== canonical(wanted.dotfiles)) changes.push('other dotfiles');
  return changes.length === 0 ? null : `the next build brings ${changes.join(', ')}`;
}

/** A sentence: the workspace asks for a decommissioned tag, and gets another. Null for none. Throws a Refusal as `wantedSpec`. */
export function movedTag({ image }: OwnSettings, policy: Policy): string | null {
  return resolveImage(image, policy).moved;
}

/** Why the build should be replaced because of its image's tag, as a sentence; null for no reason. `wanted` is that of the next build. */
export function outdatedTag({ own, policy }: State, built: BuildSpec, wanted: BuildSpec): string | null {
  if (!policy) return null;
  const { moved, deprecated } = resolveImage(own.image, policy);
  return (built.image === wanted.image ? null : moved) ?? deprecated;
}

/** Refuses own settings that the policy does not allow. */
export function checkOwn(own: OwnSettings, policy: Policy): void {
  if (own.autoOff && !policy.autoOff.userControlled) {
    throw new Refusal('NotAllowed', 'autoOff: the organization does not let workspaces set it (userControlled is false)');
  }
}

/** Refuses a disk smaller than the home's: a volume can grow, never shrink. */
export function checkDisk(state: State, resources: Partial<Resources>): void {
  const present = state.home?.disk ?? state.own.resources.disk;
  if (!resources.disk || !present || quantity(resources.disk) >= quantity(present)) return;
  throw invalid('resources.disk', `at least the ${present} that the home has, since a disk never shrinks`, resources.disk);
}

/** The resources of the next build. Throws a Refusal when one of the named resources exceeds the organization's limit. */
export function wantedResources(state: State, own: OwnSettings, policy: Policy, named: readonly string[] = RESOURCES): Resources {
  const wanted = { ...policy.resources.default, ...own.resources };
  if (state.home && quantity(wanted.disk) < quantity(state.home.disk)) wanted.disk = state.home.disk;
  for (const key of RESOURCES) {
    // A limit that was lowered since may be below the disk of a home, which cannot shrink.
    if (!named.includes(key) || (key === 'disk' && wanted.disk === state.home?.disk)) continue;
    const max = policy.resources.max?.[key];
    if (max && quantity(wanted[key]) > quantity(max)) {
      throw new Refusal('NotAllowed', `resources.${key}: expected at most ${max} (the organization's limit), got ${wanted[key]}`);
    }
  }
  return wanted;
}

/** `1000m` is `1`. */
function isSameQuantity(a: BuildSpec, b: BuildSpec, key: keyof Resources): boolean {
  return quantity(a.resources[key]) === quantity(b.resources[key]);
}

/** Text in which the order of keys makes no difference. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
