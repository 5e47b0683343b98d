import { RuntimeFailure } from '../../../src/runtimes/failure';
import { createMemoryRuntime, type MemoryOptions } from '../../../src/runtimes/memory';
import { expectFailure, patiently, podSpec, runtimeContract } from '../../support/runtimes/contract';

runtimeContract('memory', async () => {
  const runtime = createMemoryRuntime({
    image: (reference) => {
      if (reference === 'missing:1') return null;
      return { digest: `sha256:${reference}`, user: 'coder', uid: reference === 'other:1' ? 2000 : 1000 };
    },
  });
  return {
    runtime,
    another: runtime,
    uid: 1000,
    images: { good: 'starter:1', otherUid: 'other:1', missing: 'missing:1' },
    losePod: async (ref) => runtime.losePod(ref),
    loseHome: async (id) => runtime.loseHome(id),
    writeLog: async (log, text) => runtime.writeLog(log, text),
    end: async () => {},
  };
});

describe('The memory runtime', () => {
  const ref = { id: 'w1', organization: 'default', build: 1 };
  const home = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default', identity: null, adopt: false, disk: '10Gi' };
  const begin = async (options: MemoryOptions) => {
    const runtime = createMemoryRuntime(options);
    const { identity } = await runtime.prepareHome(home, patiently());
    await runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
    return runtime;
  };

  it('fails the chosen calls, before or after their effect.', async () => {
    const failure = new RuntimeFailure('RuntimeUnavailable', 'the machine is away');
    const runtime = createMemoryRuntime({
      fail: (verb, call) => (verb === 'prepareHome' && call === 1 ? failure : undefined),
      failLate: (verb, call) => (verb === 'prepareHome' && call === 2 ? failure : undefined),
    });
    await expect(runtime.prepareHome(home, patiently())).rejects.toBe(failure);
    expect(await runtime.listHomes()).toEqual([]);
    await expect(runtime.prepareHome(home, patiently())).rejects.toBe(failure);
    expect(await runtime.prepareHome(home, patiently())).toEqual({ identity: 'home-1' });
    expect(runtime.calls).toEqual(['prepareHome', 'listHomes', 'prepareHome', 'prepareHome']);
  });

  it('holds a call until it is let go, says so, and lets an abort through.', async () => {
    const waiting: string[] = [];
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const runtime = createMemoryRuntime({ hold: (verb) => (verb === 'prepareHome' ? held : undefined) });
    const aborting = new AbortController();
    const aborted = runtime.prepareHome(home, { signal: aborting.signal, waitingFor: (sentence) => waiting.push(sentence) });
    aborting.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(waiting).toEqual(['what holds prepareHome up']);
    const prepared = runtime.prepareHome(home, patiently());
    letGo();
    expect(await prepared).toEqual({ identity: 'home-1' });
  });

  it('answers commands as its options say, and ends them when the pod is lost.', async () => {
    const runtime = await begin({
      exec: (pod, { argv }) =>
        argv[0] === 'hang' ? new Promise(() => {}) : { exitCode: 3, stdout: pod.user, stderr: argv.join(' ') },
    });
    expect(await runtime.exec(ref, { argv: ['a', 'b'] }, patiently().signal)).toEqual({
      exitCode: 3,
      stdout: 'coder',
      stderr: 'a b',
    });
    const hanging = runtime.exec(ref, { argv: ['hang'] }, patiently().signal);
    await Promise.resolve();
    runtime.losePod(ref, { reason: 'the node is gone', counted: false });
    await expectFailure(hanging, 'PodLost');
    expect(await runtime.observe(ref)).toEqual({ state: 'gone', reason: 'the node is gone', counted: false });
  });

  it('reports the terminal input that the test has set.', async () => {
    const runtime = await begin({});
    runtime.setTerminalInput(ref, 12_345);
    expect(await runtime.lastTerminalInput(ref)).toBe(12_345);
  });
});
