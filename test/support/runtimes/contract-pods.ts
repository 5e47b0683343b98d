import { expectFailure, type Given, ID, patiently, podSpec, REF } from './contract-harness';

/** What holds for pods. */
export function podRules(given: Given): void {
  it('starts a pod, and gives the same one when asked again.', async () => {
    const pod = await given.start(1);
    expect(pod).toMatchObject({
      id: ID,
      build: 1,
      user: 'coder',
      uid: given.world().uid,
      digest: expect.stringMatching(/^sha256:/),
    });
    expect(await given.start(1)).toEqual(pod);
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
    expect(await given.world().runtime.listPods()).toEqual([
      { ...REF, build: 1, instance: expect.any(String), running: true, reason: null, counted: true },
    ]);
  });

  it('starts one pod when asked twice at once.', async () => {
    const home = await given.prepare();
    const spec = podSpec({ build: 1, home, image: given.world().images.good });
    const pods = await Promise.all([
      given.world().runtime.startPod(spec, patiently()),
      given.world().another.startPod(spec, patiently()),
    ]);
    expect(pods[0]).toEqual(pods[1]);
  });

  it('makes another pod of the same build when the first has died.', async () => {
    const first = await given.start(1);
    await given.world().losePod({ id: ID, organization: 'default', build: 1 });
    const second = await given.start(1, { digest: first.digest });
    expect(second.instance).not.toBe(first.instance);
    expect(second.digest).toBe(first.digest);
    expect((await given.run(1)).exitCode).toBe(0);
  });

  it('puts a newer build in the place of an older one.', async () => {
    await given.start(1);
    await given.start(2);
    expect(await given.world().runtime.listPods()).toMatchObject([{ build: 2, running: true }]);
    await expectFailure(given.run(1), 'PodLost');
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({ state: 'gone' });
  });

  it('warns when the digest that ran before can no longer be had.', async () => {
    const pod = await given.start(1, { digest: 'sha256:gone' });
    expect(pod.digest).not.toBe('sha256:gone');
    expect(pod.warnings.join(' ')).toContain('sha256:gone');
  });

  it('refuses an image that is not there, naming it, and makes nothing.', async () => {
    const failure = await expectFailure(given.start(1, { image: given.world().images.missing }), 'ImageNotFound');
    expect(failure.message).toContain(given.world().images.missing);
    expect(await given.world().runtime.listPods()).toEqual([]);
  });

  it('refuses an image whose user is not the owner of the files, naming both uids.', async () => {
    const { otherUid } = given.world().images;
    if (otherUid === null) return;
    await given.start(1);
    const failure = await expectFailure(given.start(2, { image: otherUid }), 'ImageInvalid');
    expect(failure.message).toMatch(/2000.*1000/);
  });

  podFences(given);
}

/** How pods end, and what is fenced off afterwards. */
function podFences(given: Given): void {
  it('stops a pod, twice in turn, twice at once, and when there is none.', async () => {
    await given.stop(1);
    await given.start(2);
    await Promise.all([given.stop(2), given.world().another.stopPod({ id: ID, organization: 'default', build: 2 }, patiently())]);
    await given.stop(2);
    expect(await given.world().runtime.listPods()).toEqual([]);
  });

  it('starts no build that is older than one it has seen, and says which that was.', async () => {
    const home = await given.prepare();
    await given.start(3, { home });
    const failure = await expectFailure(given.start(2, { home }), 'StaleBuild');
    expect(failure.details).toEqual({ found: 3 });
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 3 })).toMatchObject({
      state: 'running',
    });
  });

  it('starts no build that was stopped already, whether or not it had begun.', async () => {
    await given.start(1);
    await given.stop(2);
    expect((await expectFailure(given.start(2), 'StaleBuild')).details).toEqual({ found: 2 });
    await expectFailure(given.start(1), 'StaleBuild');
    expect((await given.start(3)).build).toBe(3);
  });

  it('leaves a newer pod alone when an older build is stopped.', async () => {
    const pod = await given.start(2);
    await given.stop(1);
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 2 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });

  it('tells of a lost pod until it is stopped.', async () => {
    await given.start(1);
    await given.world().losePod({ id: ID, organization: 'default', build: 1 });
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: true,
      reason: expect.any(String),
    });
    expect(await given.world().runtime.listPods()).toMatchObject([{ running: false, counted: true, reason: expect.any(String) }]);
    await given.stop(1);
    expect(await given.world().runtime.listPods()).toEqual([]);
  });

  it('ends all pods with the stack, and counts that against nobody.', async () => {
    if (given.world().runtime.endAll === undefined) return;
    await given.start(1);
    await given.world().runtime.endAll?.();
    await given.world().runtime.endAll?.();
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: false,
    });
    expect(await given.world().runtime.listPods()).toMatchObject([{ running: false, counted: false }]);
    expect((await given.start(1)).build).toBe(1);
  });
}
