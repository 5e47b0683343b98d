import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../../src/hooks/run-hook';
import { patiently, podSpec, runtimeContract } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { KINDS, makeSandboxEnv, type SandboxEnv, uidInside } from '../../support/runtimes/sandbox-env';

for (const isolation of KINDS) runtimeContract(`sandbox (isolation: ${isolation})`, () => makeSandboxEnv(isolation));

describe.each(KINDS)('A hook in a sandbox (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
  });
  afterEach(() => sandbox.end());

  const run = (build: number) =>
    runHook(
      (command) => sandbox.runtime.exec({ ...REF, build }, command, patiently().signal),
      { step: 'configure', build, timeoutMs: 60_000, dotfiles: null },
      patiently(),
    );
  const start = async (build: number) => {
    const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
    return sandbox.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
  };
  const inHome = (file: string) => readFileSync(path.join(sandbox.dir, 'homes', REF.id, file), 'utf8');

  it('runs once in a pod as its user, and its output is in the home.', async () => {
    await start(1);
    expect(await run(1)).toMatchObject({ state: 'done', warnings: [], lastLines: [`configured as ${uidInside(isolation)}`] });
    await run(1);
    expect(inHome('configured')).toBe('done\n');
    expect(inHome('.perennial/logs/build-1/configure.log')).toBe(`configured as ${uidInside(isolation)}\n`);
    await start(2);
    await run(2);
    expect(inHome('configured')).toBe('done\ndone\n');
  });

  it('keeps its state where a clean-up of /tmp does not find it.', async () => {
    await start(1);
    await run(1);
    const sweep = { argv: ['sh', '-c', 'find /tmp -mindepth 1 -maxdepth 1 -user "$(id -u)" -exec rm -rf {} +'] };
    if (isolation === 'auto') await sandbox.runtime.exec({ ...REF, build: 1 }, sweep, patiently().signal);
    await run(1);
    expect(inHome('configured')).toBe('done\n');
  });
});
