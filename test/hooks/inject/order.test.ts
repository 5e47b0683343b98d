/** The order of injections, and programs in a memory that differs from what they expect. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Exec } from '../../../src/hooks/hook';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { makeTestPod, SHELLS, type TestPod } from '../../support/hook-env';
import { makeSshKey, secretsOf, setOf } from '../../support/injected-pod';

const KEY = makeSshKey();
const HOSTS = [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }];
const setWith = (value: string) => setOf({ files: [{ path: '.npmrc', value: Buffer.from(value) }] });

let pod: TestPod;
let secrets: ReturnType<typeof secretsOf>;

describe.each(SHELLS)('With %s as sh,', (shell) => {
  beforeEach(() => {
    pod = makeTestPod(shell);
    secrets = secretsOf(pod);
  });
  afterEach(() => pod.remove());

  const sh = async (script: string, env: Record<string, string> = {}) =>
    (await pod.exec({ argv: ['sh', '-c', script], env: { PATH: `${pod.env.PATH}:/usr/bin:/bin`, ...env } })).stdout;

  test('an earlier set does not replace a later one, and the same one may be written again.', async () => {
    await injectSecrets(pod.exec, setWith('later'), 1_800_000_000_002);
    const earlier = injectSecrets(pod.exec, setWith('earlier'), 1_800_000_000_001);
    await expect(earlier).rejects.toThrow('the secrets could not be written into the pod: a later set is there already');
    expect(pod.readHome('.npmrc')).toBe('later');
    expect(secrets.generations()).toHaveLength(1);
    for (const [order, value] of ['again', 'newer'].entries()) {
      await injectSecrets(pod.exec, setWith(value), 1_800_000_000_002 + order);
      expect(pod.readHome('.npmrc')).toBe(value);
    }
  });

  test('a set that another run publishes during the removal of the others stays.', async () => {
    await sh('mkdir -m 700 "$PERENNIAL_SECRETS_DIR"; mkdir "$PERENNIAL_SECRETS_DIR/gen.1.1"');
    const publishesDuring = `is_writing() {
      if [ ! -e gen.1.1/published ]; then ln -s gen.1.1 gen.1.1/current; mv -f gen.1.1/current .; : >gen.1.1/published; fi
      [ ! -e "$1/published" ]
    }`;
    const exec: Exec = (command) =>
      pod.exec({ ...command, stdin: (command.stdin ?? '').replace('\npublish ', () => `\n${publishesDuring}\npublish `) });
    await injectSecrets(exec, setOf());
    expect(secrets.generations()).toEqual(['gen.1.1']);
  });

  test('Git asks the credential helper in a memory that executes no programs, also below a name with blanks.', async () => {
    const env = { PERENNIAL_SECRETS_DIR: `${secrets.folder} of mine` };
    const credentials = [{ host: 'git.example.org', username: 'oauth2', password: 'token-1', expiresAt: null }];
    const exec: Exec = (command) => pod.exec({ ...command, env });
    await injectSecrets(exec, setOf({ gitHosts: HOSTS, credentials }));
    const script = `cd "$PERENNIAL_SECRETS_DIR" && chmod 600 bin/git-credential-perennial && . ./current/environment.sh
      printf 'protocol=https\\nhost=git.example.org\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill`;
    expect(await sh(script, env)).toContain('password=token-1\n');
  });

  test('the settings of ssh are those of the present home, also where another user has made a file of that name.', async () => {
    writeFileSync(path.join(pod.env.PATH ?? '', 'ssh'), '#!/bin/sh\ncat "$2"\n', { mode: 0o755 });
    await injectSecrets(pod.exec, setOf({ sshKey: KEY, gitHosts: HOSTS }));
    const script = '"$PERENNIAL_SECRETS_DIR/bin/ssh" git.example.org';
    expect(await sh(script)).toContain(`Include "${pod.home}/.ssh/config"`);
    expect(await sh(script, { HOME: '/elsewhere' })).toContain('Include "/elsewhere/.ssh/config"');
    await sh('chmod 0 "$PERENNIAL_SECRETS_DIR"/settings/*');
    expect(await sh(script)).toContain(`Include "${pod.home}/.ssh/config"`);
  });
});
