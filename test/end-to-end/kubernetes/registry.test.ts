/** The failures that a real container runtime reports of a registry. */
import { type ClusterEnv, openTestCluster } from '../../support/kubernetes/cluster-env';
import { type Registry, startRegistry } from '../../support/kubernetes/registry';
import { expectFailure, HOME, patiently, podSpec } from '../../support/runtimes/contract-harness';
import { until } from '../../support/until';

const cluster = openTestCluster();
let registry: Registry;
let env: ClusterEnv;
beforeAll(async () => {
  registry = await startRegistry();
});
beforeEach(async () => {
  env = await cluster.openEnv();
});
afterEach(() => env.end());
afterAll(async () => {
  await registry.end();
  await cluster.end();
});

async function start(image: string, progress = patiently()) {
  const { identity } = await env.runtime.prepareHome(HOME, patiently());
  return env.runtime.startPod(podSpec({ build: 1, home: identity, image }), progress);
}

test('An image that the registry does not have fails the start at once.', async () => {
  const { message } = await expectFailure(start(registry.image('missing')), 'ImageNotFound');
  expect(message).toContain(registry.image('missing'));
});

test.each([
  ['denied', /may not be there, or need a pull secret.*401|unauthorized/i],
  ['away', /503/],
  ['cut', /EOF/],
] as const)('A pull that a registry answers with %s is retried, and its answer is reported.', async (repository, words) => {
  const waiting = new AbortController();
  let reported = '';
  const waitingFor = (sentence: string) => {
    reported = sentence;
  };
  const started = start(registry.image(repository), { signal: waiting.signal, waitingFor });
  const ended = started.then(
    () => 'started',
    (error: unknown) => error,
  );
  await until(`the start waits for ${repository}`, () => words.test(reported));
  const reason = new Error('the caller has left');
  waiting.abort(reason);
  expect(await ended).toBe(reason);
});
