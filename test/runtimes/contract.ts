import type { RuntimeFailure } from '../../src/runtimes/failure';
import type { HomeSpec, PodSpec, Progress, Runtime } from '../../src/runtimes/runtime';

/** A runtime with a world of its own, and what happens to it behind its back. */
export interface RuntimeWorld {
  runtime: Runtime;
  /** Another object over the same world, as another process would have it. */
  another: Runtime;
  /** An image that is there, one whose user has another uid, and one that is not there. */
  images: { good: string; otherUid: string; missing: string };
  losePod(ref: { id: string; build: number }): Promise<void>;
  loseHome(id: string): Promise<void>;
  writeLog(log: { id: string; build: number; step: string }, text: string): Promise<void>;
  /** Ends the world, and fails if anything of it is left. */
  end(): Promise<void>;
}

const ID = 'w1';
const REF = { id: ID, owner: 'ada', name: 'dev', organization: 'default' };
const HOME: HomeSpec = { ...REF, identity: null, adopt: false, disk: '10Gi' };

/** A progress whose waiting nobody ends. */
export const patiently = (): Progress => ({ signal: new AbortController().signal, waitingFor: () => {} });

/** What a pod needs, in short. */
export const podSpec = (spec: Partial<PodSpec> & Pick<PodSpec, 'build' | 'home' | 'image'>): PodSpec => ({
  ...REF,
  digest: null,
  resources: { cpu: '1', memory: '1Gi', disk: '10Gi' },
  env: {},
  ...spec,
});

/** Expects a failure of one type of the closed list. */
export async function expectFailure(work: Promise<unknown>, type: RuntimeFailure['type']): Promise<RuntimeFailure> {
  const failure = await work.then(
    (answer) => Promise.reject(new Error(`${type} was expected, and this came: ${JSON.stringify(answer)}`)),
    (error: unknown) => error as RuntimeFailure,
  );
  expect(failure).toMatchObject({ name: 'RuntimeFailure', type });
  return failure;
}

/** The rules that every runtime keeps. */
export function runtimeContract(name: string, makeWorld: () => Promise<RuntimeWorld>): void {
  describe(`The contract of the ${name} runtime`, () => {
    let world: RuntimeWorld;
    let runtime: Runtime;
    const prepare = async (spec: Partial<HomeSpec> = {}) =>
      (await runtime.prepareHome({ ...HOME, ...spec }, patiently())).identity;
    const start = async (build: number, spec: Partial<PodSpec> = {}) =>
      runtime.startPod(podSpec({ build, home: spec.home ?? (await prepare()), image: world.images.good, ...spec }), patiently());
    const stop = (build: number) => runtime.stopPod({ id: ID, build }, patiently());
    const run = (build: number) => runtime.exec({ id: ID, build }, { argv: ['true'] }, patiently().signal);

    beforeEach(async () => {
      world = await makeWorld();
      runtime = world.runtime;
    });
    afterEach(() => world.end());

    describe('for homes', () => {
      it('makes a home once, and gives the same identity ever after.', async () => {
        const identity = await prepare();
        expect(await prepare()).toBe(identity);
        expect(await prepare({ identity })).toBe(identity);
        expect(await world.another.prepareHome({ ...HOME, identity }, patiently())).toEqual({ identity });
      });

      it('makes one home when asked twice at once.', async () => {
        const both = await Promise.all([runtime.prepareHome(HOME, patiently()), world.another.prepareHome(HOME, patiently())]);
        expect(both[0]).toEqual(both[1]);
        expect(await runtime.listHomes()).toHaveLength(1);
      });

      it('lists a home with its owner, size, and identity.', async () => {
        const identity = await prepare();
        expect(await runtime.listHomes()).toEqual([{ ...REF, identity, disk: '10Gi', createdAt: expect.any(Number) }]);
      });

      it('takes note of a larger disk.', async () => {
        const identity = await prepare();
        await prepare({ identity, disk: '20Gi' });
        expect(await runtime.listHomes()).toMatchObject([{ disk: '20Gi' }]);
      });

      it('refuses a home that should be there and is not, and makes nothing.', async () => {
        await expectFailure(prepare({ identity: 'was-made-once' }), 'HomeMissing');
        await expectFailure(prepare({ adopt: true }), 'HomeMissing');
        expect(await runtime.listHomes()).toEqual([]);
      });

      it('refuses a home that was lost, to whoever asks.', async () => {
        const identity = await prepare();
        await world.loseHome(ID);
        await expectFailure(prepare({ identity }), 'HomeMissing');
        await expectFailure(prepare(), 'HomeMissing');
        await expectFailure(start(1, { home: identity }), 'HomeMissing');
        expect(await runtime.listPods()).toEqual([]);
      });

      it('refuses a home of another identity.', async () => {
        await prepare();
        await expectFailure(prepare({ identity: 'of-another' }), 'HomeMissing');
        await expectFailure(start(1, { home: 'of-another' }), 'HomeMissing');
        await expectFailure(runtime.deleteHome({ id: ID, identity: 'of-another' }), 'HomeMissing');
        expect(await runtime.listHomes()).toHaveLength(1);
      });

      it('lets an owner adopt a home for a workspace of another name.', async () => {
        const identity = await prepare();
        expect(await prepare({ name: 'other', adopt: true })).toBe(identity);
        expect(await prepare({ name: 'other', adopt: true })).toBe(identity);
        expect(await runtime.listHomes()).toMatchObject([{ name: 'other', identity }]);
      });

      it('refuses a home to another owner.', async () => {
        await prepare();
        await expectFailure(prepare({ owner: 'bob', adopt: true }), 'NotAllowed');
        expect(await runtime.listHomes()).toMatchObject([{ owner: 'ada' }]);
      });

      it('deletes a home once and for all, and that twice.', async () => {
        const identity = await prepare();
        await Promise.all([runtime.deleteHome({ id: ID, identity }), world.another.deleteHome({ id: ID, identity })]);
        await runtime.deleteHome({ id: ID, identity });
        await runtime.deleteHome({ id: ID, identity: null });
        expect(await runtime.listHomes()).toEqual([]);
        await expectFailure(prepare({ identity }), 'HomeMissing');
      });

      it('deletes no home that a pod has mounted.', async () => {
        const identity = await prepare();
        await start(1);
        await expectFailure(runtime.deleteHome({ id: ID, identity }), 'HomeBusy');
        await stop(1);
        await runtime.deleteHome({ id: ID, identity });
      });
    });

    describe('for pods', () => {
      it('starts a pod, and gives the same one when asked again.', async () => {
        const pod = await start(1);
        expect(pod).toMatchObject({ id: ID, build: 1, user: 'coder', uid: 1000, digest: expect.stringMatching(/^sha256:/) });
        expect(await start(1)).toEqual(pod);
        expect(await runtime.observe({ id: ID, build: 1 })).toEqual({ state: 'running', instance: pod.instance });
        expect(await runtime.listPods()).toEqual([{ ...REF, build: 1, running: true, reason: null, counted: true }]);
      });

      it('starts one pod when asked twice at once.', async () => {
        const home = await prepare();
        const spec = podSpec({ build: 1, home, image: world.images.good });
        const pods = await Promise.all([runtime.startPod(spec, patiently()), world.another.startPod(spec, patiently())]);
        expect(pods[0]).toEqual(pods[1]);
      });

      it('makes another pod of the same build when the first has died.', async () => {
        const first = await start(1);
        await world.losePod({ id: ID, build: 1 });
        const second = await start(1, { digest: first.digest });
        expect(second.instance).not.toBe(first.instance);
        expect(second.digest).toBe(first.digest);
        expect((await run(1)).exitCode).toBe(0);
      });

      it('puts a newer build in the place of an older one.', async () => {
        await start(1);
        await start(2);
        expect(await runtime.listPods()).toMatchObject([{ build: 2, running: true }]);
        await expectFailure(run(1), 'PodLost');
        expect(await runtime.observe({ id: ID, build: 1 })).toMatchObject({ state: 'gone' });
      });

      it('warns when the digest that ran before can no longer be had.', async () => {
        const pod = await start(1, { digest: 'sha256:gone' });
        expect(pod.digest).not.toBe('sha256:gone');
        expect(pod.warnings.join(' ')).toContain('sha256:gone');
      });

      it('refuses an image that is not there, naming it, and makes nothing.', async () => {
        const failure = await expectFailure(start(1, { image: world.images.missing }), 'ImageNotFound');
        expect(failure.message).toContain(world.images.missing);
        expect(await runtime.listPods()).toEqual([]);
      });

      it('refuses an image whose user is not the owner of the files, naming both uids.', async () => {
        await start(1);
        const failure = await expectFailure(start(2, { image: world.images.otherUid }), 'ImageInvalid');
        expect(failure.message).toMatch(/2000.*1000/);
      });

      it('stops a pod, twice in turn, twice at once, and when there is none.', async () => {
        await stop(1);
        await start(2);
        await Promise.all([stop(2), world.another.stopPod({ id: ID, build: 2 }, patiently())]);
        await stop(2);
        expect(await runtime.listPods()).toEqual([]);
      });

      it('starts no build that is older than one it has seen, and says which that was.', async () => {
        const home = await prepare();
        await start(3, { home });
        const failure = await expectFailure(start(2, { home }), 'StaleBuild');
        expect(failure.details).toEqual({ found: 3 });
        expect(await runtime.observe({ id: ID, build: 3 })).toMatchObject({ state: 'running' });
      });

      it('starts no build that was stopped already, whether or not it had begun.', async () => {
        await start(1);
        await stop(2);
        expect((await expectFailure(start(2), 'StaleBuild')).details).toEqual({ found: 2 });
        await expectFailure(start(1), 'StaleBuild');
        expect((await start(3)).build).toBe(3);
      });

      it('leaves a newer pod alone when an older build is stopped.', async () => {
        const pod = await start(2);
        await stop(1);
        expect(await runtime.observe({ id: ID, build: 2 })).toEqual({ state: 'running', instance: pod.instance });
      });

      it('tells of a lost pod until it is stopped.', async () => {
        await start(1);
        await world.losePod({ id: ID, build: 1 });
        expect(await runtime.observe({ id: ID, build: 1 })).toMatchObject({
          state: 'gone',
          counted: true,
          reason: expect.any(String),
        });
        expect(await runtime.listPods()).toMatchObject([{ running: false, counted: true, reason: expect.any(String) }]);
        await stop(1);
        expect(await runtime.listPods()).toEqual([]);
      });

      it('ends all pods with the stack, and counts that against nobody.', async () => {
        await start(1);
        await runtime.endAll?.();
        await runtime.endAll?.();
        expect(await runtime.observe({ id: ID, build: 1 })).toMatchObject({ state: 'gone', counted: false });
        expect(await runtime.listPods()).toMatchObject([{ running: false, counted: false }]);
        expect((await start(1)).build).toBe(1);
      });
    });

    describe('for what runs inside', () => {
      it('runs a command.', async () => {
        await start(1);
        expect(await run(1)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
        expect(await runtime.shell({ id: ID, build: 1 }, ['true'], patiently().signal)).toBe(0);
      });

      it('says that the pod is lost when it is, and when there never was one.', async () => {
        await expectFailure(run(1), 'PodLost');
        await start(1);
        await world.losePod({ id: ID, build: 1 });
        await expectFailure(run(1), 'PodLost');
        await expectFailure(runtime.lastTerminalInput({ id: ID, build: 1 }), 'PodLost');
      });

      it('knows of no terminal in a pod that has none.', async () => {
        await start(1);
        expect(await runtime.lastTerminalInput({ id: ID, build: 1 })).toBeNull();
      });

      it('reads a log piece by piece, also when no pod runs, and also when it has become shorter.', async () => {
        await start(1);
        await stop(1);
        const log = { id: ID, build: 1, step: 'configure' };
        expect(await runtime.readLog({ ...log, offset: 0 })).toBeNull();
        await world.writeLog(log, 'one\ntwo\n');
        expect(await runtime.readLog({ ...log, offset: 0 })).toEqual({ text: Buffer.from('one\ntwo\n'), nextOffset: 8 });
        expect(await runtime.readLog({ ...log, offset: 4 })).toEqual({ text: Buffer.from('two\n'), nextOffset: 8 });
        expect(await runtime.readLog({ ...log, offset: 8 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
        expect(await runtime.readLog({ ...log, offset: 99 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
      });

      it('reads no log of a home that it does not know.', async () => {
        expect(await runtime.readLog({ id: 'nobody', build: 1, step: 'configure', offset: 0 })).toBeNull();
      });
    });

    describe('for waiting', () => {
      it('does nothing once aborted, and says why.', async () => {
        const reason = new Error('nobody waits any more');
        const aborted = { ...patiently(), signal: AbortSignal.abort(reason) };
        await expect(runtime.prepareHome(HOME, aborted)).rejects.toBe(reason);
        expect(await runtime.listHomes()).toEqual([]);
        const home = await prepare();
        await expect(runtime.startPod(podSpec({ build: 1, home, image: world.images.good }), aborted)).rejects.toBe(reason);
        expect(await runtime.listPods()).toEqual([]);
        await expect(runtime.stopPod({ id: ID, build: 1 }, aborted)).rejects.toBe(reason);
      });

      it('stops waiting when aborted midway, and goes on from there when asked again.', async () => {
        const home = await prepare();
        const stopping = new AbortController();
        const spec = podSpec({ build: 1, home, image: world.images.good });
        const aborted = runtime.startPod(spec, { signal: stopping.signal, waitingFor: () => {} });
        const reason = new Error('nobody waits any more');
        stopping.abort(reason);
        await expect(aborted).rejects.toBe(reason);
        const pod = await start(1, { home });
        expect(await runtime.observe({ id: ID, build: 1 })).toEqual({ state: 'running', instance: pod.instance });
      });

      it('lives on when the object that made a pod is closed.', async () => {
        const pod = await start(1);
        await runtime.close();
        expect(await world.another.observe({ id: ID, build: 1 })).toEqual({ state: 'running', instance: pod.instance });
      });
    });
  });
}
