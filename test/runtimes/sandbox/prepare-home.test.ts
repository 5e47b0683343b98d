import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectFailure, patiently, podSpec } from '../../support/runtimes/contract';
import { makeSandboxWorld, type SandboxWorld } from '../../support/runtimes/sandbox-env';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };

describe('A home of the sandbox', () => {
  let world: SandboxWorld;
  let identity: string;
  let folder: string;
  const prepare = () => world.runtime.prepareHome({ ...REF, identity, adopt: false, disk: '10Gi' }, patiently());
  const start = (build: number) => world.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
  const refuseEverywhere = async () => {
    await expectFailure(prepare(), 'HomeMissing');
    await expectFailure(start(1), 'HomeMissing');
    await expectFailure(world.runtime.deleteHome({ id: REF.id, organization: 'default', identity }), 'HomeMissing');
  };

  beforeEach(async () => {
    world = await makeSandboxWorld('auto');
    ({ identity } = await world.runtime.prepareHome({ ...REF, identity: null, adopt: false, disk: '10Gi' }, patiently()));
    folder = path.join(world.dir, 'homes', REF.id);
  });
  afterEach(() => world.end());

  it('is not taken for an empty folder in its place.', async () => {
    renameSync(folder, path.join(world.root, 'away'));
    mkdirSync(folder);
    await refuseEverywhere();
  });

  it('is not taken for a link in its place, even one to itself.', async () => {
    renameSync(folder, path.join(world.root, 'away'));
    symlinkSync(path.join(world.root, 'away'), folder);
    await refuseEverywhere();
  });

  it('is not taken for the home of another.', async () => {
    await world.runtime.prepareHome({ ...REF, id: 'w2', identity: null, adopt: false, disk: '10Gi' }, patiently());
    rmSync(folder, { recursive: true });
    renameSync(path.join(world.dir, 'homes/w2'), folder);
    await refuseEverywhere();
  });

  it('is known again when it was brought back from a backup.', async () => {
    cpSync(folder, path.join(world.root, 'backup'), { recursive: true });
    rmSync(folder, { recursive: true });
    cpSync(path.join(world.root, 'backup'), folder, { recursive: true });
    expect(await prepare()).toEqual({ identity });
    expect((await start(1)).build).toBe(1);
  });

  it('is known again when its user removed all that is in it.', async () => {
    rmSync(path.join(folder, '.perennial'), { recursive: true });
    expect(await prepare()).toEqual({ identity });
    await start(1);
    expect(readFileSync(path.join(folder, '.perennial/home'), 'utf8')).toBe(`${identity}\n`);
  });

  it('is given its mark again as the user, so that no link of theirs leads anybody to write elsewhere.', async () => {
    const victim = path.join(world.root, 'victim');
    writeFileSync(victim, 'untouched');
    await start(1);
    rmSync(path.join(folder, '.perennial/home'));
    symlinkSync(victim, path.join(folder, '.perennial/home'));
    await start(2);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  it('is not made where a stranger is already.', async () => {
    mkdirSync(path.join(world.dir, 'homes/w3'));
    const made = world.runtime.prepareHome({ ...REF, id: 'w3', identity: null, adopt: false, disk: '10Gi' }, patiently());
    await expectFailure(made, 'HomeMissing');
    await expectFailure(world.runtime.deleteHome({ id: 'w3', organization: 'default', identity: null }), 'HomeMissing');
  });

  it('lends its log to nobody through a link.', async () => {
    const logs = path.join(folder, '.perennial/logs');
    const secret = path.join(world.root, 'secret');
    mkdirSync(path.join(secret, 'build-1'), { recursive: true });
    writeFileSync(path.join(secret, 'build-1/configure.log'), 'secret');
    const log = { id: REF.id, organization: 'default', build: 1, step: 'configure', offset: 0 };
    symlinkSync(secret, logs);
    expect(await world.runtime.readLog(log)).toBeNull();
    rmSync(logs);
    mkdirSync(path.join(logs, 'build-1'), { recursive: true });
    symlinkSync(path.join(secret, 'build-1/configure.log'), path.join(logs, 'build-1/configure.log'));
    expect(await world.runtime.readLog(log)).toBeNull();
    await expectFailure(world.runtime.readLog({ ...log, step: '../../../../secret' }), 'InvalidRequest');
    await expectFailure(world.runtime.readLog({ ...log, id: '../records' }), 'InvalidRequest');
  });

  it('has a sandbox whose end is not counted when the machine was started again.', async () => {
    await start(1);
    const file = path.join(world.dir, 'sandboxes', `${REF.id}.json`);
    const record = readFileSync(file, 'utf8');
    writeFileSync(file, record.replace(/"startedAt": "[^/]*/, '"startedAt": "boot-before'));
    expect(await world.runtime.observe({ id: REF.id, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: false,
    });
    expect(await world.runtime.listPods()).toMatchObject([{ running: false, counted: false }]);
    writeFileSync(file, record);
  });

  it('is not forgotten when its record cannot be read.', async () => {
    const file = path.join(world.dir, 'records', `${REF.id}.json`);
    const record = readFileSync(file, 'utf8');
    writeFileSync(file, record.slice(0, 20));
    await expectFailure(prepare(), 'RuntimeUnavailable');
    writeFileSync(file, record);
  });
});
