/** A real store of secrets for workers on the memory runtime, whose pods have no shell: what each was given is kept here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkspaceSecrets } from '../../../src/activities/workspace-secrets';
import type { InjectedSet } from '../../../src/hooks/inject/injected-set';
import type { PodRef } from '../../../src/runtimes/runtime';
import { createFileStore } from '../../../src/secrets/files';
import { setSecret } from '../../../src/secrets/named-secrets';
import type { SecretStore } from '../../../src/secrets/store';
import { workspaceSecrets } from '../../../src/worker/secrets';

export interface StackSecrets {
  store: SecretStore;
  forActivities: WorkspaceSecrets;
  /** What each pod was given, in order. */
  given: { pod: PodRef; set: InjectedSet }[];
  /** Called before each read of the store for a pod; a test sets and clears it. */
  beforeRead: ((pod: PodRef) => Promise<void> | void) | null;
  /** Sets a secret of the owner that becomes a variable of this name. */
  setVariable(owner: string, name: string, value: string): Promise<void>;
  /** The variables that a pod has now. */
  variablesOf(id: string): Record<string, string>;
  remove(): void;
}

export function createStackSecrets(): StackSecrets {
  const folder = mkdtempSync(path.join(tmpdir(), 'perennial-secrets-'));
  const store = createFileStore(path.join(folder, 'keys'));
  const real = workspaceSecrets({ store, installation: 'test', gatewayUrl: 'http://127.0.0.1:1' });
  const podOf = new WeakMap<InjectedSet, PodRef>();
  const secrets: StackSecrets = {
    store,
    given: [],
    beforeRead: null,
    forActivities: {
      ...real,
      async read(input) {
        await secrets.beforeRead?.(input.pod);
        const injection = await real.read(input);
        podOf.set(injection.set, input.pod);
        return injection;
      },
      async inject(exec, set) {
        const pod = podOf.get(set);
        // The fourth word names the point at which a fault is injected, as in the poll of a hook.
        await exec({ argv: ['sh', '-s', '--', 'inject-secrets'], stdin: '' });
        if (pod) secrets.given.push({ pod, set });
        return { fingerprint: set.sshKey?.fingerprint ?? null, warnings: [] };
      },
    },
    async setVariable(owner, name, value) {
      const holder = { scope: 'owner', name: owner } as const;
      await setSecret(store, { holder, name, target: {}, value: Buffer.from(value), by: owner });
    },
    variablesOf(id) {
      const last = secrets.given.filter(({ pod }) => pod.id === id).at(-1);
      return Object.fromEntries(last?.set.env.map(({ name, value }) => [name, value.toString()]) ?? []);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return secrets;
}
