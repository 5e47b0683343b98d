import { type ContractContext, expectFailure, HOME, ID, patiently, podSpec } from './contract-harness';
import { testStreams } from './shell-streams';

/** What holds for commands, terminals, and logs. */
export function insideRules(context: ContractContext): void {
  it('runs a command.', async () => {
    await context.start(1);
    expect(await context.run(1)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const request = { command: ['true'], streams: testStreams(), signal: patiently().signal };
    expect(await context.env().runtime.shell({ id: ID, organization: 'default', build: 1 }, request)).toBe(0);
  });

  it('runs commands of a session in one pod, where it has sessions, and says that the pod is lost when it is.', async () => {
    const { openSession } = context.env().runtime;
    if (!openSession) return;
    const [pod, { signal }] = [{ id: ID, organization: 'default', build: 1 }, patiently()];
    await expectFailure(openSession(pod, signal), 'PodLost');
    await context.start(1);
    const session = await openSession(pod, signal);
    const script = 'echo "$1"; echo err >&2; exit 7';
    expect(await session.exec({ argv: ['sh', '-s', '--', 'a b'], stdin: script }, signal)).toEqual({
      exitCode: 7,
      stdout: 'a b\n',
      stderr: 'err\n',
    });
    const large = 'x'.repeat(300_000);
    expect((await session.exec({ argv: ['wc', '-c'], stdin: large }, signal)).stdout.trim()).toBe('300000');
    expect(await session.exec({ argv: ['true'], stdin: large }, signal)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await session.exec({ argv: ['sh', '-c', 'echo "$HOME"'] }, signal)).toMatchObject({ exitCode: 0 });
    session.close();
    await context.env().losePod(pod);
    await expectFailure(openSession(pod, signal), 'PodLost');
  });

  it('says that the pod is lost when it is, and when there never was one.', async () => {
    await expectFailure(context.run(1), 'PodLost');
    await context.start(1);
    await context.env().losePod({ id: ID, organization: 'default', build: 1 });
    await expectFailure(context.run(1), 'PodLost');
    await expectFailure(context.env().runtime.lastTerminalInput({ id: ID, organization: 'default', build: 1 }), 'PodLost');
  });

  it('knows of no terminal in a pod that has none.', async () => {
    await context.start(1);
    expect(await context.env().runtime.lastTerminalInput({ id: ID, organization: 'default', build: 1 })).toBeNull();
  });

  it('reads a log piece by piece, also when no pod runs, and also when it has become shorter.', async () => {
    await context.start(1);
    if (!context.env().lacks?.includes('logs without a pod')) await context.stop(1);
    const log = { id: ID, organization: 'default', build: 1, step: 'configure' };
    expect(await context.env().runtime.readLog({ ...log, offset: 0 })).toBeNull();
    await context.env().writeLog(log, 'one\ntwo\n');
    expect(await context.env().runtime.readLog({ ...log, offset: 0 })).toEqual({
      text: Buffer.from('one\ntwo\n'),
      nextOffset: 8,
    });
    expect(await context.env().runtime.readLog({ ...log, offset: 4 })).toEqual({ text: Buffer.from('two\n'), nextOffset: 8 });
    expect(await context.env().runtime.readLog({ ...log, offset: 8 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
    expect(await context.env().runtime.readLog({ ...log, offset: 99 })).toEqual({ text: Buffer.from(''), nextOffset: 8 });
  });

  it('reads no log of a home that it does not know.', async () => {
    expect(
      await context.env().runtime.readLog({ id: 'unknown', organization: 'default', build: 1, step: 'configure', offset: 0 }),
    ).toBeNull();
  });
}

/** What holds for callers that wait no longer. */
export function waitingRules(context: ContractContext): void {
  it('does nothing once aborted, and says why.', async () => {
    const reason = new Error('the caller no longer waits');
    const aborted = { ...patiently(), signal: AbortSignal.abort(reason) };
    await expect(context.env().runtime.prepareHome(HOME, aborted)).rejects.toBe(reason);
    expect(await context.env().runtime.listHomes()).toEqual([]);
    const home = await context.prepare();
    await expect(
      context.env().runtime.startPod(podSpec({ build: 1, home, image: context.env().images.good }), aborted),
    ).rejects.toBe(reason);
    expect(await context.env().runtime.listPods()).toEqual([]);
    await expect(context.env().runtime.stopPod({ id: ID, organization: 'default', build: 1 }, aborted)).rejects.toBe(reason);
  });

  it('stops waiting when aborted midway, and goes on from there when asked again.', async () => {
    const home = await context.prepare();
    const stopping = new AbortController();
    const spec = podSpec({ build: 1, home, image: context.env().images.good });
    const aborted = context.env().runtime.startPod(spec, { signal: stopping.signal, waitingFor: () => {} });
    const reason = new Error('the caller no longer waits');
    stopping.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    const pod = await context.start(1, { home });
    expect(await context.env().runtime.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });

  it('lives on when the object that made a pod is closed.', async () => {
    const pod = await context.start(1);
    await context.env().runtime.close();
    expect(await context.env().another.observe({ id: ID, organization: 'default', build: 1 })).toEqual({
      state: 'running',
      instance: pod.instance,
    });
  });
}
