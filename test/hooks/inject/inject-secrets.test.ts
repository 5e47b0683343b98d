import { randomBytes } from 'node:crypto';
import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { makeTestPod, SHELLS, type TestPod } from '../../support/hook-env';
import { makeSshKey, secretsOf, setOf } from '../../support/injected-pod';

const CANARY = 'canary-value-0123456789';
const text = (value: string) => Buffer.from(value);
const KEY = makeSshKey();
const HOSTS = [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }];

let pod: TestPod;
let secrets: ReturnType<typeof secretsOf>;

describe.each(SHELLS)('With %s as sh,', (shell) => {
  beforeEach(() => {
    pod = makeTestPod(shell);
    secrets = secretsOf(pod);
  });
  afterEach(() => pod.remove());

  const inject = (set: Parameters<typeof setOf>[0] = {}) => injectSecrets(pod.exec, setOf(set));
  /** The value of a variable where the injected environment was read. */
  const readVariable = async (name: string) => {
    const script = `. "$PERENNIAL_SECRETS_DIR/current/environment.sh"; printenv ${name} | od -An -vtx1 | tr -d ' \\n'`;
    const { stdout } = await pod.exec({ argv: ['sh', '-c', script], env: { PATH: `${pod.env.PATH}:/usr/bin:/bin` } });
    return Buffer.from(stdout, 'hex').subarray(0, -1);
  };

  test('every value arrives byte for byte, for the user alone.', async () => {
    const odd = `'"$(touch /tmp/x)\`\\ %s -n\r\ttab ü 😀 \u0001\u0081\n\n`;
    const values = {
      odd: text(odd),
      bytes: randomBytes(3_000),
      all: Buffer.from(Array.from({ length: 256 }, (_, at) => at)),
      none: text(''),
    };
    const files = Object.entries(values).map(([name, value]) => ({ path: `.secret-${name}`, value }));
    const env = [
      { name: 'ODD', value: text(odd) },
      { name: 'BYTES', value: Buffer.from([0xff, 0x80, 0x81, 0x88, 1, 0x7f, 0x27]) },
      { name: 'UID', value: text('not a number') },
      { name: 'OPTIND', value: text('x') },
      { name: 'folder', value: text('own') },
    ];
    const access = { url: 'http://127.0.0.1:1', token: 'the.token' };
    expect(await inject({ access, sshKey: KEY, gitHosts: HOSTS, env, files })).toEqual({
      fingerprint: KEY.fingerprint,
      warnings: [],
    });
    for (const [name, value] of Object.entries(values)) {
      const { stdout } = await pod.exec({ argv: ['od', '-An', '-vtx1', `.secret-${name}`], env: { PATH: '/usr/bin:/bin' } });
      expect(Buffer.from(stdout.replaceAll(/\s/g, ''), 'hex').equals(value)).toBe(true);
    }
    expect((await readVariable('ODD')).toString()).toBe(odd);
    expect(await readVariable('BYTES')).toEqual(env[1]?.value);
    expect((await readVariable('folder')).toString()).toBe('own');
    expect((await readVariable('PERENNIAL_URL')).toString()).toBe(access.url);
    expect((await readVariable('PERENNIAL_TOKEN_FILE')).toString()).toBe(path.join(secrets.folder, 'current/token'));
    expect(secrets.read('token').toString()).toBe('the.token\n');
    expect(secrets.read('ssh/id_ed25519').toString()).toBe(KEY.privateKey);
    const open = secrets.list().filter(({ mode, uid }) => (mode & 0o077) !== 0 || uid !== lstatSync(pod.home).uid);
    expect(open).toEqual([]);
  });

  test('what is not in the next set is gone, also its link in the home.', async () => {
    await inject({
      sshKey: KEY,
      gitHosts: HOSTS,
      files: [
        { path: '.config/tool/token', value: text('one') },
        { path: '.npmrc', value: text('two') },
      ],
    });
    expect(pod.readHome('.config/tool/token')).toBe('one');
    await inject({ files: [{ path: '.npmrc', value: text('changed') }] });
    expect(pod.readHome('.npmrc')).toBe('changed');
    expect(() => lstatSync(path.join(pod.home, '.config/tool/token'))).toThrow();
    expect(secrets.has('ssh/id_ed25519')).toBe(false);
    await inject();
    expect(() => lstatSync(path.join(pod.home, '.npmrc'))).toThrow();
    expect(() => lstatSync(path.join(pod.home, '.perennial/secret-links'))).toThrow();
    expect(secrets.generations()).toHaveLength(1);
  });

  test('what is in the way of a link stays, with a warning; a link of an earlier pod is replaced.', async () => {
    pod.writeHome('.npmrc', 'my own');
    await pod.exec({
      argv: ['sh', '-c', 'mkdir .kept; ln -s /etc/hostname .link; ln -s /dev/shm/perennial-secrets-x/current/files/0 .old'],
    });
    const paths = ['.npmrc', '.kept', '.link', '.old'];
    const { warnings } = await inject({ files: paths.map((each) => ({ path: each, value: text(CANARY) })) });
    const blocked = (name: string) => `~/${name} is there already, so it did not become a link to the secret`;
    expect(warnings).toEqual(['.npmrc', '.kept', '.link'].map(blocked));
    expect(pod.readHome('.npmrc')).toBe('my own');
    expect(readlinkSync(path.join(pod.home, '.link'))).toBe('/etc/hostname');
    expect(pod.readHome('.old')).toBe(CANARY);
    await inject();
    expect(pod.readHome('.npmrc')).toBe('my own');
    expect(readlinkSync(path.join(pod.home, '.link'))).toBe('/etc/hostname');
  });
});

test('The values are prepared once for all warnings, and not at all without one.', async () => {
  const env = Array.from({ length: 30 }, (_, index) => ({
    name: `V${index}`,
    value: text(randomBytes(32 * 1024).toString('hex')),
  }));
  const timeOf = async (warnings: number) => {
    const stdout = `${`warning ${CANARY}\n`.repeat(warnings)}done\n`;
    const before = process.cpuUsage();
    const result = await injectSecrets(async () => ({ exitCode: 0, stdout, stderr: '' }), setOf({ env }));
    expect(result.warnings).toHaveLength(warnings);
    return process.cpuUsage(before).user;
  };
  await timeOf(1);
  const [none, one, many] = [await timeOf(0), await timeOf(1), await timeOf(20)];
  expect([none < one / 2, many < one * 5]).toEqual([true, true]);
});
