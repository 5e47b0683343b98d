/** Keys and secrets as the activities need them; worker.ts makes it of a store, the signing keys, and the pod's side. */
import type { GitHostPolicy } from '../contract/policy';
import type { DeliveredSecret } from '../contract/secrets';
import type { Exec } from '../hooks/hook';
import type { InjectedSet, InjectionResult } from '../hooks/inject/injected-set';
import type { MaskValues } from '../hooks/mask';
import type { PodRef } from '../runtimes/runtime';

/** The pod, whose secrets it is given, and what the policy allows. */
export interface InjectionInput {
  pod: PodRef;
  owner: string;
  /** The workspace's name. */
  name: string;
  /** The hosts that the SSH key and credentials are for. */
  gitHosts: GitHostPolicy[];
}

/** The secrets of an installation, as activities need them. Every failure is a `RuntimeFailure` and has no value in its message. */
export interface WorkspaceSecrets {
  /**
   * Everything that a pod is given at this moment, and the references to it. `warnings` are sentences about what is left out.
   * `expiresAt` is when its token ends, in epoch milliseconds; null without one.
   */
  read(
    input: InjectionInput,
  ): Promise<{ set: InjectedSet; delivered: DeliveredSecret[]; warnings: string[]; expiresAt: number | null }>;
  /** The values that must not be shown outside a workspace, earlier ones included. */
  valuesToMask(of: { owner: string; organization: string }): Promise<MaskValues>;
  /**
   * Writes the set into a pod, removes what is not in it, and checks it there. Refused where the pod has a set of a higher `order`, a
   * number that grows with each attempt.
   */
  inject(exec: Exec, set: InjectedSet, order: number): Promise<InjectionResult>;
}
