/** What the activities of a build are asked for: data made from the state. */

import { durationMs } from '../../../contract/duration';
import type { HookStep } from '../../../hooks/hook';
import type { HomeRef, HomeSpec, PodRef, PodSpec } from '../../../runtimes/runtime';
import type { BuildRecord, State } from './state';

/** The home as a build wants it. */
export function homeSpec(state: State, build: BuildRecord): HomeSpec {
  const { id, owner, name, organization, home, adopt } = state;
  return { id, owner, name, organization, identity: home?.identity ?? null, adopt, disk: build.spec.resources.disk };
}

/** The home that goes with the workspace; null when none was made for it, which is so too where an adoption was refused. */
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

/** Which pod is meant. */
export const podRef = ({ id, organization }: State, build: number): PodRef => ({ id, organization, build });

/**
 * A hook has a time limit of its own. The deadline given with it bounds the retries while the runtime is out of reach, so that a
 * build cannot hang: what is left of the build's own, and the hook's limit on top.
 */
export function hookInput(state: State, build: BuildRecord, step: HookStep) {
  const deadlineText = state.policy?.build.deadline ?? '30m';
  const hookText = state.policy?.build.hookTimeout ?? '10m';
  return {
    deadline: {
      text: `${deadlineText} and ${hookText}`,
      totalMs: durationMs(deadlineText) + durationMs(hookText),
      spentMs: build.spentMs,
    },
    pod: podRef(state, build.number),
    hook: {
      step,
      build: build.number,
      timeoutMs: durationMs(hookText),
      dotfiles: step === 'personalize' ? build.spec.dotfiles : null,
    },
  };
}

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

/** `host:5000/name:tag@digest` in its parts; the tag is empty where there is none. */
function splitReference(reference: string): { uri: string; tag: string } {
  const [withTag = ''] = reference.split('@');
  const match = /^(.*?)(?::([^:/]*))?$/.exec(withTag);
  return { uri: match?.[1] ?? withTag, tag: match?.[2] ?? '' };
}
