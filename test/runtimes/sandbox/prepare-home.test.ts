import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectFailure, patiently, podSpec } from '../../support/runtimes/contract';
import { makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };

describe('A home of the sandbox', () => {
  let sandbox: SandboxEnv;
  let identity: string;
  let folder: string;
  const prepare = () => sandbox.runtime.prepareHome({ ...REF, identity, adopt: false, disk: '10Gi' }, patiently());
  const start = (build: number) => sandbox.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
  const refuseEverywhere = async () => {
    await expectFailure(prepare(), 'HomeMissing');
    await expectFailure(start(1), 'HomeMissing');
    await expectFailure(sandbox.runtime.deleteHome({ id: REF.id, organization: 'default', identity }), 'HomeMissing');
  };

  beforeEach(async () => {
    sandbox = await makeSandboxEnv('auto');
    ({ identity } = await sandbox.runtime.prepareHome({ ...REF, identity: null, adopt: false, disk: '10Gi' }, patiently()));
    folder = path.join(sandbox.dir, 'homes', REF.id);
  });
  afterEach(() => sandbox.end());

  it('is not confused with an empty folder at its path.', async () => {
    renameSync(folder, path.join(sandbox.root, 'away'));
    mkdirSync(folder);
    await refuseEverywhere();
  });

  it('is not confused with a link at its path, even to itself.', async () => {
    renameSync(folder, path.join(sandbox.root, 'away'));
    symlinkSync(path.join(sandbox.root, 'away'), folder);
    await refuseEverywhere();
  });

  it('is not taken for the home of another.', async () => {
    await sandbox.runtime.prepareHome({ ...REF, id: 'w2', identity: null, adopt: false, disk: '10Gi' }, patiently());
    rmSync(folder, { recursive: true });
    renameSync(path.join(sandbox.dir, 'homes/w2'), folder);
    await refuseEverywhere();
  });

  it('is known again when it was brought back from a backup.', async () => {
    cpSync(folder, path.join(sandbox.root, 'backup'), { recursive: true });
    rmSync(folder, { recursive: true });
    cpSync(path.join(sandbox.root, 'backup'), folder, { recursive: true });
    expect(await prepare()).toEqual({ identity });
    expect((await start(1)).build).toBe(1);
  });

  it('is known again when its user removed all that is in it.', async () => {
    rmSync(path.join(folder, '.perennial'), { recursive: true });
    expect(await prepare()).toEqual({ identity });
    await start(1);
    expect(readFileSync(path.join(folder, '.perennial/home'), 'utf8')).toBe(`${identity}\n`);
  });

  it('gets its token again with the rights of the user, so that no link leads the service to write elsewhere.', async () => {
    const victim = path.join(sandbox.root, 'victim');
    writeFileSync(victim, 'untouched');
    await start(1);
    rmSync(path.join(folder, '.perennial/home'));
    symlinkSync(victim, path.join(folder, '.perennial/home'));
    await start(2);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  it('is not made where an unknown folder exists.', async () => {
    mkdirSync(path.join(sandbox.dir, 'homes/w3'));
    const made = sandbox.runtime.prepareHome({ ...REF, id: 'w3', identity: null, adopt: false, disk: '10Gi' }, patiently());
    await expectFailure(made, 'HomeMissing');
    await expectFailure(sandbox.runtime.deleteHome({ id: 'w3', organization: 'default', identity: null }), 'HomeMissing');
  });

  it('has no log that a link replaces.', async () => {
    const logs = path.join(folder, '.perennial/logs');
    const secret = path.join(sandbox.root, 'secret');
    mkdirSync(path.join(secret, 'build-1'), { recursive: true });
    writeFileSync(path.join(secret, 'build-1/configure.log'), 'secret');
    const log = { id: REF.id, organization: 'default', build: 1, step: 'configure', offset: 0 };
    symlinkSync(secret, logs);
    expect(await sandbox.runtime.readLog(log)).toBeNull();
    rmSync(logs);
    mkdirSync(path.join(logs, 'build-1'), { recursive: true });
    symlinkSync(path.join(secret, 'build-1/configure.log'), path.join(logs, 'build-1/configure.log'));
    expect(await sandbox.runtime.readLog(log)).toBeNull();
    await expectFailure(sandbox.runtime.readLog({ ...log, step: '../../../../secret' }), 'InvalidRequest');
    await expectFailure(sandbox.runtime.readLog({ ...log, id: '../records' }), 'InvalidRequest');
  });

  it('has a sandbox whose end is not counted when the machine was started again.', async () => {
    await start(1);
    const file = path.join(sandbox.dir, 'sandboxes', `${REF.id}.json`);
    const record = readFileSync(file, 'utf8');
    writeFileSync(file, record.replace(/"startedAt": "[^/]*/, '"startedAt": "boot-before'));
    expect(await sandbox.runtime.observe({ id: REF.id, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: false,
    });
    expect(await sandbox.runtime.listPods()).toMatchObject([{ running: false, counted: false }]);
    writeFileSync(file, record);
  });

  it('is not forgotten when its record cannot be read.', async () => {
    const file = path.join(sandbox.dir, 'records', `${REF.id}.json`);
    const record = readFileSync(file, 'utf8');
    writeFileSync(file, record.slice(0, 20));
    await expectFailure(prepare(), 'RuntimeUnavailable');
    writeFileSync(file, record);
  });
});
