import { type ContractContext, expectFailure, ID, patiently, podSpec, REF } from './contract-harness';

/** What holds for pods. */
export function podRules(context: ContractContext): void {
  it('starts a pod, and gives the same one when asked again.', async () => {
    const pod = await context.start(1);
    expect(pod).toMatchObject({
      id: ID,
      build: 1,
      user: 'coder',
      uid: context.env().uid,
      digest: expect.stringMatching(/^sha256:/),
    });
    expect(await context.start(1)).toEqual(pod);
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
    expect(await context.env().runtime.listPods()).toEqual([
      { ...REF, build: 1, instance: expect.any(String), running: true, reason: null, counted: true },
    ]);
  });

  it('starts one pod when asked twice at once.', async () => {
    const home = await context.prepare();
    const spec = podSpec({ build: 1, home, image: context.env().images.good });
    const pods = await Promise.all([
      context.env().runtime.startPod(spec, patiently()),
      context.env().another.startPod(spec, patiently()),
    ]);
    expect(pods[0]).toEqual(pods[1]);
  });

  it('makes another pod of the same build when the first has died.', async () => {
    const first = await context.start(1);
    await context.env().losePod({ id: ID, organization: 'default', build: 1 });
    const second = await context.start(1, { digest: first.digest });
    expect(second.instance).not.toBe(first.instance);
    expect(second.digest).toBe(first.digest);
    expect((await context.run(1)).exitCode).toBe(0);
  });

  it('replaces the pod of an older build by that of a newer one.', async () => {
    await context.start(1);
    await context.start(2);
    expect(await context.env().runtime.listPods()).toMatchObject([{ build: 2, running: true }]);
    await expectFailure(context.run(1), 'PodLost');
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({ state: 'gone' });
  });

  it('warns when the digest that ran before can no longer be had.', async () => {
    const pod = await context.start(1, { digest: 'sha256:gone' });
    expect(pod.digest).not.toBe('sha256:gone');
    expect(pod.warnings.join(' ')).toContain('sha256:gone');
  });

  it('refuses an image that is not there, naming it, and makes nothing.', async () => {
    const failure = await expectFailure(context.start(1, { image: context.env().images.missing }), 'ImageNotFound');
    expect(failure.message).toContain(context.env().images.missing);
    expect(await context.env().runtime.listPods()).toEqual([]);
  });

  it('refuses an image whose user is not the owner of the files, naming both uids.', async () => {
    const { otherUid } = context.env().images;
    if (otherUid === null) return;
    await context.start(1);
    const failure = await expectFailure(context.start(2, { image: otherUid }), 'ImageInvalid');
    expect(failure.message).toMatch(/2000.*1000/);
  });

  podFences(context);
}

/** How pods end, and what is fenced off afterwards. */
function podFences(context: ContractContext): void {
  it('stops a pod, twice in sequence, twice at the same time, and when there is none.', async () => {
    await context.stop(1);
    await context.start(2);
    await Promise.all([
      context.stop(2),
      context.env().another.stopPod({ id: ID, organization: 'default', build: 2 }, patiently()),
    ]);
    await context.stop(2);
    expect(await context.env().runtime.listPods()).toEqual([]);
  });

  it('starts no build that is older than one it has seen, and says which that was.', async () => {
    const home = await context.prepare();
    await context.start(3, { home });
    const failure = await expectFailure(context.start(2, { home }), 'StaleBuild');
    expect(failure.details).toEqual({ found: 3 });
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 3 })).toMatchObject({
      state: 'running',
    });
  });

  it('starts no build that was stopped already, whether or not it had begun.', async () => {
    await context.start(1);
    await context.stop(2);
    expect((await expectFailure(context.start(2), 'StaleBuild')).details).toEqual({ found: 2 });
    await expectFailure(context.start(1), 'StaleBuild');
    expect((await context.start(3)).build).toBe(3);
  });

  it('leaves a newer pod alone when an older build is stopped.', async () => {
    const pod = await context.start(2);
    await context.stop(1);
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 2 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });

  it('reports a lost pod until it is stopped.', async () => {
    await context.start(1);
    await context.env().losePod({ id: ID, organization: 'default', build: 1 });
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: true,
      reason: expect.any(String),
    });
    expect(await context.env().runtime.listPods()).toMatchObject([{ running: false, counted: true, reason: expect.any(String) }]);
    await context.stop(1);
    expect(await context.env().runtime.listPods()).toEqual([]);
  });

  it('ends all pods with the stack, and counts that against no workspace.', async () => {
    if (context.env().runtime.endAll === undefined) return;
    await context.start(1);
    await context.env().runtime.endAll?.();
    await context.env().runtime.endAll?.();
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 1 })).toMatchObject({
      state: 'gone',
      counted: false,
    });
    expect(await context.env().runtime.listPods()).toMatchObject([{ running: false, counted: false }]);
    expect((await context.start(1)).build).toBe(1);
  });
}
