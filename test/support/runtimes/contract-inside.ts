import { expectFailure, type Given, HOME, ID, patiently, podSpec } from './contract-harness';

/** What holds for commands, terminals, and logs. */
export function insideRules(given: Given): void {
  it('runs a command.', async () => {
    await given.start(1);
    expect(await given.run(1)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await given.world().runtime.shell({ id: ID, organization: 'default', build: 1 }, ['true'], patiently().signal)).toBe(
      0,
    );
  });

  it('says that the pod is lost when it is, and when there never was one.', async () => {
    await expectFailure(given.run(1), 'PodLost');
    await given.start(1);
    await given.world().losePod({ id: ID, organization: 'default', build: 1 });
    await expectFailure(given.run(1), 'PodLost');
    await expectFailure(given.world().runtime.lastTerminalInput({ id: ID, organization: 'default', build: 1 }), 'PodLost');
  });

  it('knows of no terminal in a pod that has none.', async () => {
    await given.start(1);
    expect(await given.world().runtime.lastTerminalInput({ id: ID, organization: 'default', build: 1 })).toBeNull();
  });

  it('reads a log piece by piece, also when no pod runs, and also when it has become shorter.', async () => {
    await given.start(1);
    if (!given.world().lacks?.includes('logs without a pod')) await given.stop(1);
    const log = { id: ID, organization: 'default', build: 1, step: 'configure' };
    expect(await given.world().runtime.readLog({ ...log, offset: 0 })).toBeNull();
    await given.world().writeLog(log, 'one\ntwo\n');
    expect(await given.world().runtime.readLog({ ...log, offset: 0 })).toEqual({
      text: Buffer.from('one\ntwo\n'),
      nextOffset: 8,
    });
    expect(await given.world().runtime.readLog({ ...log, offset: 4 })).toEqual({ text: Buffer.from('two\n'), nextOffset: 8 });
    expect(await given.world().runtime.readLog({ ...log, offset: 8 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
    expect(await given.world().runtime.readLog({ ...log, offset: 99 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
  });

  it('reads no log of a home that it does not know.', async () => {
    expect(
      await given.world().runtime.readLog({ id: 'nobody', organization: 'default', build: 1, step: 'configure', offset: 0 }),
    ).toBeNull();
  });
}

/** What holds for callers that wait no longer. */
export function waitingRules(given: Given): void {
  it('does nothing once aborted, and says why.', async () => {
    const reason = new Error('nobody waits any more');
    const aborted = { ...patiently(), signal: AbortSignal.abort(reason) };
    await expect(given.world().runtime.prepareHome(HOME, aborted)).rejects.toBe(reason);
    expect(await given.world().runtime.listHomes()).toEqual([]);
    const home = await given.prepare();
    await expect(
      given.world().runtime.startPod(podSpec({ build: 1, home, image: given.world().images.good }), aborted),
    ).rejects.toBe(reason);
    expect(await given.world().runtime.listPods()).toEqual([]);
    await expect(given.world().runtime.stopPod({ id: ID, organization: 'default', build: 1 }, aborted)).rejects.toBe(reason);
  });

  it('stops waiting when aborted midway, and goes on from there when asked again.', async () => {
    const home = await given.prepare();
    const stopping = new AbortController();
    const spec = podSpec({ build: 1, home, image: given.world().images.good });
    const aborted = given.world().runtime.startPod(spec, { signal: stopping.signal, waitingFor: () => {} });
    const reason = new Error('nobody waits any more');
    stopping.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    const pod = await given.start(1, { home });
    expect(await given.world().runtime.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });

  it('lives on when the object that made a pod is closed.', async () => {
    const pod = await given.start(1);
    await given.world().runtime.close();
    expect(await given.world().another.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });
}
