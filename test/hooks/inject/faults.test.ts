import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exec } from '../../../src/hooks/hook';
import { InjectionFailure, injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import type { InjectedSet } from '../../../src/hooks/inject/injected-set';
import { findProgram, makeTestPod, SHELLS, type TestPod } from '../../support/hook-env';
import { makeSshKey, secretsOf, setOf } from '../../support/injected-pod';

const CANARY = 'canary-value-0123456789';
const HOSTS = [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }];
const KEYS = [makeSshKey(), makeSshKey(), makeSshKey()];

/** A set of which each part names the same number. */
const numbered = (number: number, padding = 10): InjectedSet =>
  setOf({
    access: { url: 'http://127.0.0.1:1', token: `token-${number}` },
    sshKey: KEYS[number] ?? null,
    gitHosts: HOSTS,
    env: [{ name: 'PADDING', value: Buffer.alloc(padding, 'p') }],
    files: [{ path: '.npmrc', value: Buffer.from(`file-${number}`) }],
  });

let pod: TestPod;
let secrets: ReturnType<typeof secretsOf>;
const sh = (script: string) => pod.exec({ argv: ['sh', '-c', script], env: { PATH: `${pod.env.PATH}:/usr/bin:/bin` } });
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('expected a failure')),
    (error: Error) => error,
  );

/** The number of the set that is there, where all of its parts agree. */
function numberInPod(): number {
  const number = KEYS.findIndex(({ privateKey }) => privateKey === secrets.read('ssh/id_ed25519').toString());
  expect(secrets.read('token').toString()).toBe(`token-${number}\n`);
  expect(secrets.read('ssh/id_ed25519.pub').toString()).toBe(KEYS[number]?.publicKey);
  expect(pod.readHome('.npmrc')).toBe(`file-${number}`);
  return number;
}

describe.each(SHELLS)('With %s as sh,', (shell) => {
  beforeEach(() => {
    pod = makeTestPod(shell);
    secrets = secretsOf(pod);
  });
  afterEach(() => pod.remove());

  test('input that is cut off anywhere publishes nothing, and leaves nothing.', async () => {
    await injectSecrets(pod.exec, numbered(0));
    for (const part of [0.05, 0.3, 0.5, 0.7, 0.8, 0.9]) {
      const cut: Exec = (command) =>
        pod.exec({ ...command, stdin: command.stdin?.slice(0, Math.floor(command.stdin.indexOf('\npublish ') * part)) ?? '' });
      expect(await failureOf(injectSecrets(cut, numbered(1)))).toBeInstanceOf(InjectionFailure);
      expect(numberInPod()).toBe(0);
      expect(secrets.generations()).toHaveLength(1);
    }
  });

  test('a run that is killed in the middle leaves the old set or the new one, and the next clears up.', async () => {
    await injectSecrets(pod.exec, numbered(0));
    for (const [round, afterMs] of [2, 5, 10, 15, 20, 30].entries()) {
      const old = round === 0 ? 0 : 2;
      const killed = injectSecrets(pod.exec, numbered(1, 200_000)).catch((error: Error) => error.message);
      await delay(afterMs);
      pod.killObservers();
      await killed;
      expect([old, 1]).toContain(KEYS.findIndex(({ privateKey }) => privateKey === secrets.read('ssh/id_ed25519').toString()));
      const { fingerprint } = await injectSecrets(pod.exec, numbered(2));
      expect(fingerprint).toBe(KEYS[2]?.fingerprint);
      expect(numberInPod()).toBe(2);
      expect(secrets.generations()).toHaveLength(1);
    }
  });

  test('of several at once, one is there whole, and nothing of the others.', async () => {
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([0, 1, 2, 0, 1, 2].map((number) => injectSecrets(pod.exec, numbered(number))));
      expect([0, 1, 2]).toContain(numberInPod());
      expect(secrets.generations()).toHaveLength(1);
    }
  });

  test('a memory that is full is a failure that says so, and the old set stays; with room it succeeds.', async () => {
    const runDir = pod.env.PERENNIAL_RUN_DIR ?? '';
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=1777', 'tmpfs', runDir], { stdio: 'ignore' });
    } catch {
      // Only root can mount.
      return;
    }
    try {
      await injectSecrets(pod.exec, numbered(0));
      const failure = await failureOf(injectSecrets(pod.exec, numbered(1, 250_000)));
      expect(failure.message).toMatch(/^the secrets could not be written into the pod: .*its memory may be full$/);
      expect(numberInPod()).toBe(0);
      expect(secrets.generations()).toHaveLength(1);
      await injectSecrets(pod.exec, numbered(1));
      expect(numberInPod()).toBe(1);
    } finally {
      execFileSync('umount', ['-l', runDir]);
    }
  });

  test('nothing in the home makes it wait, or leads it elsewhere.', async () => {
    await sh(
      'mkdir .perennial elsewhere; mkfifo .perennial/secret-links .perennial/secret-links.new pipe; ln -s pipe .link; : >file',
    );
    const paths = ['pipe', '.link', 'file/below', 'pipe/below', 'elsewhere', '.ok/below'];
    const { warnings } = await injectSecrets(
      pod.exec,
      setOf({ files: paths.map((each) => ({ path: each, value: Buffer.from(CANARY) })) }),
    );
    expect(warnings).toHaveLength(5);
    expect(pod.readHome('.ok/below')).toBe(CANARY);
    await sh('rm -rf .perennial; mkdir own; printf "../outside\\nown\\n.ok/below\\n" >own/secret-links; ln -s own .perennial');
    await injectSecrets(pod.exec, setOf());
    expect((await sh('ls -A own; cat own/secret-links; ls -d own .perennial')).stdout).toContain('.perennial');
  });

  test('a folder that another user has made, or a link in its place, is refused.', async () => {
    await sh('mkdir "$HOME/mine"; ln -s "$HOME/mine" "$PERENNIAL_SECRETS_DIR"');
    const link = await failureOf(injectSecrets(pod.exec, numbered(0)));
    expect(link.message).toContain(`expected a folder of the image's user at ${secrets.folder}`);
    expect((await sh('ls -A mine')).stdout).toBe('');
    if (process.getuid?.() !== 0) return;
    await sh('rm "$PERENNIAL_SECRETS_DIR"');
    execFileSync('mkdir', ['-m', '777', secrets.folder]);
    const foreign = await failureOf(injectSecrets(pod.exec, numbered(0)));
    expect(foreign.message).toContain(`expected a folder of the image's user at ${secrets.folder}`);
  });

  test.each(['ls', 'mkdir', 'mv', 'ln', 'readlink', 'chmod', 'rm', 'head'])(
    'an image whose %s prints without end, or nothing that fits, gives a clear failure or the right result.',
    async (tool) => {
      const junk = `#!/bin/sh\nseq 1 20000\nprintf 'done\\nwarning %s\\n' ${CANARY}\n`;
      const file = path.join(pod.env.PATH ?? '', tool);
      const program = readFileSync(file);
      execFileSync('rm', [file]);
      writeFileSync(file, junk, { mode: 0o755 });
      const answer = await injectSecrets(
        pod.exec,
        setOf({ ...numbered(0), env: [{ name: 'MINE', value: Buffer.from(CANARY) }] }),
      ).catch((error: Error) => error);
      expect(JSON.stringify(answer).length).toBeLessThan(10_000);
      expect(answer instanceof Error ? answer.message : JSON.stringify(answer)).not.toContain(CANARY);
      if (answer instanceof Error) expect(answer).toBeInstanceOf(InjectionFailure);
      writeFileSync(file, program, { mode: 0o755 });
      await injectSecrets(pod.exec, numbered(1));
      expect(numberInPod()).toBe(1);
    },
  );
});

test('A pod that prints what it was given does not get it into a message.', async () => {
  const set = setOf({ ...numbered(0), env: [{ name: 'MINE', value: Buffer.from(CANARY) }] });
  const answering =
    (stdout: string): Exec =>
    async () => ({ exitCode: 1, stdout, stderr: CANARY });
  const failure = await failureOf(injectSecrets(answering(`failed it was ${CANARY} and token-0\n`), set));
  expect(failure.message).toBe('the secrets could not be written into the pod: it was *** and ***');
  const silent = await failureOf(injectSecrets(answering(''), set));
  expect(silent.message).toBe('the secrets could not be written into the pod: its sh ended with exit code 1 and no answer');
  const { warnings } = await injectSecrets(answering(`${`warning ${CANARY}\n`.repeat(100)}done\n`), setOf({ env: set.env }));
  expect(warnings).toEqual(Array.from({ length: 20 }, () => '***'));
  const keyless = await failureOf(injectSecrets(answering('key AAAA\ndone\n'), set));
  expect(keyless.message).toBe('the SSH key could not be read back from the pod');
});

const MKSH = findProgram('mksh');
test(`A shell without printf is refused before any value is an argument${MKSH === null ? ': not tested, mksh is not installed' : ''}.`, async () => {
  if (MKSH === null) return;
  pod = makeTestPod(MKSH);
  const failure = await failureOf(
    injectSecrets((command) => pod.exec({ ...command, env: { PATH: `${pod.env.PATH}:/usr/bin` } }), numbered(0)),
  );
  expect(failure.message).toContain('the sh of the image has no printf of its own');
  pod.remove();
});
