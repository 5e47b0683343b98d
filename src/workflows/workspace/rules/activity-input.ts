/**
 * Implements docs/builds.md, "Environment" and "Deadlines and retries": the inputs of the activities of a build, derived from the
 * state.
 */
import type { Deadline, InjectionInput } from '../../../activities';
import { durationMs } from '../../../contract/duration';
import type { HookSpec, HookStep } from '../../../hooks/hook';
import type { HomeRef, HomeSpec, PodRef, PodSpec } from '../../../runtimes/runtime';
import type { BuildRecord, State } from './state';

/** The home that a build needs. */
export function homeSpec(state: State, build: BuildRecord): HomeSpec {
  const { id, owner, name, organization, home, adopt } = state;
  return { id, owner, name, organization, identity: home?.identity ?? null, adopt, disk: build.spec.resources.disk };
}

/** The home that is removed with the workspace; null when none was created for it, as after a refused adoption. */
export function homeToPurge({ id, organization, home, homeMayExist }: State): HomeRef | null {
  if (home) return { id, organization, identity: home.identity };
  return homeMayExist ? { id, organization, identity: null } : null;
}

/** The pod of a build, with the environment that the contract promises. */
export function podSpec(state: State, build: BuildRecord): PodSpec {
  const { id, owner, name, organization, home } = state;
  const { image, resources, env } = build.spec;
  return {
    id,
    owner,
    name,
    organization,
    build: build.number,
    home: home?.identity ?? '',
    image,
    digest: build.digest ?? build.pinnedDigest,
    resources,
    podSecurity: state.policy?.podSecurity ?? 'restricted',
    env: { ...env, ...coderEnv(state, build) },
  };
}

/** Identifies the pod of a build. */
export const podRef = ({ id, organization }: State, build: number): PodRef => ({ id, organization, build });

/** The pod that is given its secrets, whose they are, and the Git hosts of the policy. */
export function injectionInput(state: State, build: number): InjectionInput {
  const { owner, name } = state;
  return { pod: podRef(state, build), owner, name, gitHosts: state.policy?.git ?? [] };
}

/** The build's deadline, and what ended steps have used of it. */
export function buildDeadline(state: State, build: BuildRecord): Deadline {
  const text = state.policy?.build.deadline ?? '30m';
  return { text, totalMs: durationMs(text), spentMs: build.spentMs };
}

/**
 * A hook has a time limit of its own. Its deadline, the rest of the build's plus the hook's limit, bounds the retries while the
 * runtime is unreachable, so that a build cannot hang.
 */
export function hookInput(state: State, build: BuildRecord, step: HookStep) {
  const { text, totalMs, spentMs } = buildDeadline(state, build);
  const hookText = state.policy?.build.hookTimeout ?? '10m';
  const timeoutMs = durationMs(hookText);
  return {
    deadline: { text: `${text} and ${hookText}`, totalMs: totalMs + timeoutMs, spentMs },
    pod: podRef(state, build.number),
    owner: state.owner,
    hook: {
      step,
      build: build.number,
      timeoutMs,
      dotfiles: step === 'personalize' ? build.spec.dotfiles : null,
    },
  };
}

/** The hooks that follow the injection of secrets. */
export const followingHooks = (state: State, build: BuildRecord): HookSpec[] =>
  (['configure', 'personalize'] as const).map((step) => hookInput(state, build, step).hook);

function coderEnv(state: State, { spec }: BuildRecord): Record<string, string> {
  const { uri, tag } = splitReference(spec.image);
  return {
    CODER_USERNAME: state.owner,
    CODER_ENVIRONMENT_NAME: state.name,
    CODER_WORKSPACE_NAME: state.name,
    CODER_ORGANIZATION_NAME: state.organization,
    CODER_IMAGE_URI: uri,
    CODER_IMAGE_TAG: tag,
    CODER_CPU_LIMIT: spec.resources.cpu,
    CODER_MEMORY_LIMIT: spec.resources.memory,
  };
}

/** Splits `host:5000/name:tag@digest`; the tag is empty when absent. */
function splitReference(reference: string): { uri: string; tag: string } {
  const [withTag = ''] = reference.split('@');
  const match = /^(.*?)(?::([^:/]*))?$/.exec(withTag);
  return { uri: match?.[1] ?? withTag, tag: match?.[2] ?? '' };
}
