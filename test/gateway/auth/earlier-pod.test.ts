import { type PerennialClient, RequestFailure } from '../../../src/client';
import { createEarlierPods } from '../../../src/gateway/auth/earlier-pod';
import { ITSELF } from '../../support/gateway/fake-perennial';

const CALLER = { ...ITSELF, build: 3, subject: 'workspace/ada/dev', expiresAt: Number.POSITIVE_INFINITY };
const REBUILT = { from: 'running', to: 'building', cause: 'manual-rebuild' };

interface Seen {
  entry?: object;
  /** The newest build, and the state of its step `start-pod`. */
  number?: number;
  startPod?: string;
  /** Builds that are kept between. */
  between?: number[];
}

let asked = 0;
function clientOf({ entry = REBUILT, number = 4, startPod = 'waiting', between = [] }: Seen): PerennialClient {
  const build = { number, steps: [{ name: 'start-pod', state: startPod }] };
  const handle = {
    status: async () => {
      asked += 1;
      return { id: ITSELF.id, state: 'building', build };
    },
    explain: async () => ({ history: [entry] }),
    build: async (wanted: number) => {
      if (!between.includes(wanted)) throw new RequestFailure('NotFound', `no build ${wanted}`);
    },
  };
  return { workspace: () => handle } as unknown as PerennialClient;
}

test.each([
  ['lives during a rebuild', {}, true],
  ['lives where a build between was replaced before it began', { number: 5 }, true],
  ['has ended once a later build began', { number: 5, between: [4] }, false],
  ['has ended once start-pod runs', { startPod: 'running' }, false],
  ['has ended where the workspace was off before', { entry: { ...REBUILT, from: 'off' } }, false],
  ['has ended where it was lost', { entry: { ...REBUILT, cause: 'pod-lost' } }, false],
])('The pod of an earlier build %s.', async (_, seen: Seen, isLeft) => {
  const earlierPods = createEarlierPods(clientOf(seen), Date.now);
  expect(await earlierPods(CALLER, seen.number ?? 4, 0)).toBe(isLeft);
});

test('Pings ask once in 30 s where the pod lives, and once in a second where it has ended; other calls ask each time.', async () => {
  let now = 0;
  const timesAsked = async (seen: Seen, seconds: number[], maxAgeMs: number) => {
    const earlierPods = createEarlierPods(clientOf(seen), () => now);
    asked = 0;
    for (const second of seconds) {
      now = 1_000 * second;
      await earlierPods(CALLER, 4, maxAgeMs);
    }
    return asked;
  };
  expect(await timesAsked({}, [0, 1, 30, 31], 30_000)).toBe(2);
  expect(await timesAsked({ startPod: 'running' }, [0, 1, 3], 30_000)).toBe(2);
  expect(await timesAsked({}, [0, 0, 0], 0)).toBe(3);
});

test('Where no worker answers, the check fails and does not refuse, and the failure is not kept.', async () => {
  const client = clientOf({});
  const handle = client.workspace('ada', 'dev');
  const { status } = handle;
  const earlierPods = createEarlierPods(client, Date.now);
  handle.status = () => Promise.reject(new RequestFailure('Unavailable', 'no answer in time'));
  await expect(earlierPods(CALLER, 4, 30_000)).rejects.toMatchObject({ type: 'Unavailable' });
  handle.status = status;
  expect(await earlierPods(CALLER, 4, 30_000)).toBe(true);
});
