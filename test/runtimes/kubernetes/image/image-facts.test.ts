import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { READ_USER, readFacts } from '../../../../src/runtimes/kubernetes/image/image-facts';
import { expectFailure } from '../../../support/runtimes/contract-harness';

const REFERENCE = 'e2e.local/tools:1';
const read = (answer: string, name: string | null = null) => readFacts({ reference: REFERENCE, answer, name, digest: null });

/** What the script says where /etc/passwd has these lines, each character being a byte. */
function readUser(users: string, name = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'passwd-'));
  const file = join(folder, 'passwd');
  writeFileSync(file, Buffer.from(`${users}\n`, 'latin1'));
  const { stdout } = spawnSync('sh', ['-c', READ_USER.replaceAll('/etc/passwd', file), 'sh', name]);
  rmSync(folder, { recursive: true });
  return stdout.toString('utf8');
}

const OWN = process.getuid?.() ?? 0;
const SH = spawnSync('sh', ['-c', 'command -v sh'], { encoding: 'utf8' }).stdout;

describe('The image’s user', () => {
  test('is found by its uid, or by its name, among others.', () => {
    const users = `other:x:7:8::/srv/other:/bin/sh\nme:x:${OWN}:5::/srv/me:/bin/sh`;
    expect(readUser(users)).toBe(`${OWN}\nme\n${OWN}\n5\n/srv/me\n/bin/sh\n`);
    expect(readUser(users, 'other')).toBe(`${OWN}\nother\n7\n8\n/srv/other\n/bin/sh\n`);
    expect(readUser(users, 'nobody')).toBe(`${OWN}\n`);
  });

  test.each(['', '/sbin/nologin', '/usr/bin/false', '/bin/zsh-that-is-not-there'])(
    'has sh for its shell where /etc/passwd has %j.',
    (shell) => {
      expect(readUser(`me:x:${OWN}:5::/srv/me:${shell}`)).toBe(`${OWN}\nme\n${OWN}\n5\n/srv/me\n${SH}`);
    },
  );

  test('is read from the answer.', () => {
    const facts = { digest: null, user: 'coder', uid: 1000, gid: 100, home: '/srv/me', shell: '/bin/bash' };
    expect(read('1000\ncoder\n1000\n100\n/srv/me\n/bin/bash\n')).toEqual(facts);
    expect(read('0\ncoder\n1000\n100\n/\n\n', 'coder')).toEqual({ ...facts, home: '/home/coder', shell: '/bin/sh' });
  });

  test.each([
    ['is not there', '1000\n', null],
    ['is root', '0\nroot\n0\n0\n/root\n/bin/sh\n', null],
    ['has a name that is no UTF-8', '1000\nm�ller\n1000\n100\n/srv/me\n/bin/sh\n', null],
    ['has a home that is no UTF-8', '1000\nme\n1000\n100\n/srv/m�\n/bin/sh\n', null],
    ['has an endless home', `1000\nme\n1000\n100\n/${'x'.repeat(2_000)}\n/bin/sh\n`, null],
    ['is reported by an `id` that floods', `${'x'.repeat(250_000)}\n`, null],
    ['is reported by an `id` that floods and names it', `${'x'.repeat(250_000)}\n`, 'coder'],
  ])('makes the image invalid at once, in few words, when it %s.', async (_, answer, name) => {
    const failure = await expectFailure((async () => read(answer, name))(), 'ImageInvalid');
    expect(failure.message.length).toBeLessThanOrEqual(500);
    expect(failure.message).toContain(REFERENCE);
  });

  test('may have neighbours in other encodings than UTF-8, and is refused in one itself.', () => {
    const neighbour = 'm\xfcller:x:7:8::/srv/m\xfcller:/bin/sh';
    expect(readUser(`${neighbour}\nme:x:${OWN}:5::/srv/me:/bin/sh`)).toBe(`${OWN}\nme\n${OWN}\n5\n/srv/me\n/bin/sh\n`);
    const own = readUser(`m\xfcller:x:${OWN}:8::/srv/m\xfcller:/bin/sh`).replaceAll(`\n${OWN}\n`, '\n1000\n');
    expect(() => read(own)).toThrow('UTF-8');
  });
});
