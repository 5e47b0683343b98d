import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../../src/hooks/run-hook';
import { patiently, podSpec, runtimeContract } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { KINDS, makeSandboxWorld, type SandboxWorld, uidInside } from '../../support/runtimes/sandbox-env';

for (const isolation of KINDS) runtimeContract(`sandbox (isolation: ${isolation})`, () => makeSandboxWorld(isolation));

describe.each(KINDS)('A hook in a sandbox (isolation: %s)', (isolation) => {
  let world: SandboxWorld;
  beforeEach(async () => {
    world = await makeSandboxWorld(isolation);
  });
  afterEach(() => world.end());

  const run = (build: number) =>
    runHook(
      (command) => world.runtime.exec({ ...REF, build }, command, patiently().signal),
      { step: 'configure', build, timeoutMs: 60_000, dotfiles: null },
      patiently(),
    );
  const start = async (build: number) => {
    const { identity } = await world.runtime.prepareHome(HOME, patiently());
    return world.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
  };
  const inHome = (file: string) => readFileSync(path.join(world.dir, 'homes', REF.id, file), 'utf8');

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

  it('has its state where one that sweeps /tmp does not find it.', async () => {
    await start(1);
    await run(1);
    const sweep = { argv: ['sh', '-c', 'find /tmp -mindepth 1 -maxdepth 1 -user "$(id -u)" -exec rm -rf {} +'] };
    if (isolation === 'auto') await world.runtime.exec({ ...REF, build: 1 }, sweep, patiently().signal);
    await run(1);
    expect(inHome('configured')).toBe('done\n');
  });
});
