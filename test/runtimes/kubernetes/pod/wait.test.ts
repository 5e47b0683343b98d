import type { ClusterContext } from '../../../../src/runtimes/kubernetes/context';
import { createPodInformer, type PodInformer } from '../../../../src/runtimes/kubernetes/informer/pod-informer';
import { untilGone } from '../../../../src/runtimes/kubernetes/pod/wait';
import { type FakePods, fakePods } from '../../../support/kubernetes/fake-pods';
import { CREATED_AT, mainIs, podOf, RUNNING } from '../../../support/kubernetes/pod-objects';
import { until } from '../../../support/until';

/** When the pod of these tests should have ended, its time for that included. */
const DUE_AT = CREATED_AT + 48_000;
const ENDING = { status: RUNNING, deleted: true };

describe('Waiting for the end of a pod', () => {
  let server: FakePods;
  let informer: PodInformer;
  let nowMs = DUE_AT;

  beforeEach(() => {
    server = fakePods();
    nowMs = DUE_AT;
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    informer = createPodInformer(server.api, { namespaces: async () => ['perennial-default'], intervals: { rereadMs: 2 } });
  });
  afterEach(() => {
    informer.close();
    jest.restoreAllMocks();
  });

  const said: string[] = [];
  const wait = (signal = new AbortController().signal) =>
    untilGone({ pods: informer } as ClusterContext, podOf(ENDING), {
      signal,
      waitingFor: (sentence) => void said.push(sentence),
    });
  const readTwice = async () => {
    const { length } = server.asked.reads;
    await until(() => server.asked.reads.length > length + 1);
  };

  it('is over when it is gone, or another has its name.', async () => {
    server.keep(ENDING);
    const gone = wait();
    await readTwice();
    server.lose('ws-w1');
    await gone;
    server.keep({ uid: 'uid-2' });
    await wait();
    expect(said).toContain('pod ws-w1 to end');
  });

  it('continues for half a minute after the pod should have ended, and then frees its slot.', async () => {
    server.keep(ENDING);
    const busy = expect(wait()).rejects.toMatchObject({
      type: 'HomeBusy',
      message: 'pod ws-w1 should have ended 31 s ago, and still has the home',
    });
    await readTwice();
    nowMs = DUE_AT + 30_000;
    await readTwice();
    nowMs += 1_000;
    await busy;
  });

  it('is given up at once when the pod was overdue before, and names a node that may be lost.', async () => {
    const notReady = { type: 'Ready', status: 'False' };
    const status = mainIs({ running: {} }, 'Running', [notReady]);
    server.keep({ ...ENDING, status });
    nowMs = DUE_AT + 600_000;
    const message = 'pod ws-w1 should have ended 600 s ago, and still has the home; the node may be lost';
    await expect(wait()).rejects.toMatchObject({ type: 'HomeBusy', message });
    expect(server.asked.reads).toHaveLength(1);
  });

  it('does not count before its end was asked for.', async () => {
    server.keep({ status: RUNNING });
    nowMs = DUE_AT + 600_000;
    const waiting = new AbortController();
    const end = expect(wait(waiting.signal)).rejects.toThrow('enough');
    await readTwice();
    waiting.abort(new Error('enough'));
    await end;
  });
});
