/** What a real container runtime says of a registry that has no such image, and of one that only fails. */

import { type ClusterEnv, openTestCluster, until } from '../../support/kubernetes/cluster-env';
import { type Registry, startRegistry } from '../../support/kubernetes/registry';
import { expectFailure, HOME, patiently, podSpec } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
let registry: Registry;
let world: ClusterEnv;
beforeAll(async () => {
  registry = await startRegistry();
});
beforeEach(async () => {
  world = await cluster.makeWorld();
});
afterEach(() => world.end());
afterAll(async () => {
  await registry.end();
  await cluster.end();
});

async function start(image: string, progress = patiently()) {
  const { identity } = await world.runtime.prepareHome(HOME, patiently());
  return world.runtime.startPod(podSpec({ build: 1, home: identity, image }), progress);
}

test('An image that the registry does not have ends the start at once.', async () => {
  const { message } = await expectFailure(start(registry.image('missing')), 'ImageNotFound');
  expect(message).toContain(registry.image('missing'));
});

test.each([
  ['denied', /may not be there, or need a pull secret.*401|unauthorized/i],
  ['away', /503/],
  ['cut', /EOF/],
] as const)('A registry that is %s is waited for, and what it said is told.', async (repository, words) => {
  const waiting = new AbortController();
  let told = '';
  const waitingFor = (sentence: string) => {
    told = sentence;
  };
  const started = start(registry.image(repository), { signal: waiting.signal, waitingFor });
  const ended = started.then(
    () => 'started',
    (error: unknown) => error,
  );
  await until(async () => words.test(told), `the start was to wait for ${repository}`);
  const reason = new Error('nobody waits any more');
  waiting.abort(reason);
  expect(await ended).toBe(reason);
});
