/** Unusual images and policies on a real kubelet. */
import { LOGIN } from '../../../src/runtimes/kubernetes/login-script';
import { type ClusterEnv, IMAGE, ODD_IMAGE, openTestCluster } from '../../support/kubernetes/cluster-env';
import { HOME, patiently, podSpec, REF } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
let env: ClusterEnv;
beforeEach(async () => {
  env = await cluster.openEnv();
});
afterEach(() => env.end());
afterAll(() => cluster.end());

async function start(image: string, podSecurity: 'restricted' | 'baseline' = 'restricted') {
  const { identity } = await env.runtime.prepareHome(HOME, patiently());
  const pod = await env.runtime.startPod(podSpec({ build: 1, home: identity, image, podSecurity }), patiently());
  const run = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await env.runtime.exec({ ...REF, build: 1 }, { argv }, patiently().signal);
    return { exitCode, output: `${stdout}${stderr}`.trim() };
  };
  return { pod, run };
}

test('An image with an unusual PATH, and with names that are not UTF-8, is built and can be entered.', async () => {
  const { pod, run } = await start(ODD_IMAGE);
  expect(pod).toMatchObject({ user: 'coder', uid: 1000, home: '/home/coder' });
  expect(await run('sh', '-c', 'cat "$HOME"/m?ller; echo " $PATH"')).toEqual({ exitCode: 0, output: 'kept /opt/tools/bin' });
  expect(await run('sh', '-c', 'echo "$SHELL"')).toEqual({ exitCode: 0, output: '/opt/tools/bin/sh' });
  const login = await run('sh', '-c', 'echo \'echo "<$PATH>"\' | "$@"', 'sh', ...LOGIN);
  expect(login.output).toBe('</opt/tools/bin:/usr/bin:/bin>');
});

test('With baseline, sudo makes root of the user, who may install packages, and has no other capability.', async () => {
  const { run } = await start(IMAGE, 'baseline');
  expect(await run('sudo', '-n', 'id', '-u')).toEqual({ exitCode: 0, output: '0' });
  const install =
    'touch /usr/bin/new && chown 7:7 /usr/bin/new && chmod 755 /usr/bin/new && rm /usr/bin/new && su -s /bin/sh nobody -c "id -un"';
  expect(await run('sudo', '-n', 'sh', '-c', install)).toEqual({ exitCode: 0, output: 'nobody' });
  const { output } = await run('sudo', '-n', 'grep', 'CapBnd', '/proc/self/status');
  // CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID, and AUDIT_WRITE, by their numbers.
  const bits = [0, 1, 3, 6, 7, 29].reduce((all, bit) => all + 2 ** bit, 0);
  expect(Number.parseInt(output.split(/\s+/)[1] ?? '', 16)).toBe(bits);
});

test('With restricted, sudo does not make the user root.', async () => {
  const { run } = await start(IMAGE);
  expect((await run('sudo', '-n', 'id', '-u')).exitCode).not.toBe(0);
});
