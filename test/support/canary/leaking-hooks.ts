import type { StackSecrets } from '../workflows/secrets-env';
import type { Stack } from '../workflows/temporal-env';
import { addWorkflows, Evidence } from './evidence';
import { type Canary, plantCanary } from './needles';

const GIT = [{ host: 'git.example.com', knownHosts: [] }];

/**
 * Plants secrets of an owner, and has every hook print all that its pod was given, raw and as base64. Resolves with the search for any of
 * that in the histories and descriptions of all workflows.
 */
export async function letHooksLeak(stack: Stack, owner: string): Promise<() => Promise<string[]>> {
  const secrets = stack.secrets as StackSecrets;
  const variable = plantCanary('variable');
  await stack.client.organization('default').setPolicy({ git: GIT });
  await secrets.setVariable(owner, 'NPM_TOKEN', variable.value);
  const { exec } = stack.overrides;
  stack.overrides.exec = async (pod, command, signal) => {
    const answer = (await exec?.(pod, command, signal)) ?? { exitCode: 0, stdout: '', stderr: '' };
    const values = canariesOf(secrets, pod.id).map(({ value }) => value);
    const printed = values.flatMap((value) => [value, Buffer.from(value).toString('base64')]).join('\n');
    return { ...answer, stdout: `${answer.stdout}output ${Buffer.byteLength(printed)}\n${printed}` };
  };
  return async () => {
    const evidence = new Evidence();
    await addWorkflows(evidence, stack.client);
    // What the hooks printed is there, masked.
    expect(evidence.has('histories', '***')).toBe(true);
    const canaries = [variable, ...canariesOf(secrets, null)];
    return ['histories', 'descriptions'].flatMap((kind) => evidence.leaks(kind, canaries));
  };
}

/** The values that a pod was given, or all pods. */
function canariesOf({ given }: StackSecrets, id: string | null): Canary[] {
  const sets = given.filter(({ pod }) => id === null || pod.id === id).map(({ set }) => set);
  const values = sets.flatMap(({ access, sshKey, env }) => [
    ['token', access?.token],
    // The first line of a key is the same for all.
    ['SSH key', sshKey?.privateKey.split('\n').slice(3, -2).join('\n')],
    ...env.map(({ name, value }) => [name, value.toString()]),
  ]);
  const unique = new Map(values.map(([place = '', value = '']) => [value, place]));
  return [...unique].filter(([value]) => value !== '').map(([value, place]) => ({ place, value }));
}
