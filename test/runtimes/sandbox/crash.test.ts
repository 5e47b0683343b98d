import path from 'node:path';
import type { HomeSpec } from '../../../src/runtimes/runtime';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { findInits, KINDS, makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';
import { compileRuntimes, removeCompiled, runElsewhere } from '../../support/runtimes/verb-process';
import { until } from '../../support/until';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };
const HOME: HomeSpec = { ...REF, identity: null, adopt: false, disk: '10Gi' };
const MOST_CHANGES = 200;
/** The changes up to here take the workspace's lock, which is the same for all verbs. */
const AFTER_LOCK = 9;

describe.each(KINDS)('A sandbox worker that is killed (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  beforeAll(compileRuntimes);
  afterAll(removeCompiled);
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
  });
  afterEach(() => sandbox.end());

  const elsewhere = (call: { verb: string; argument: unknown; crash?: number }) => runElsewhere({ sandbox, isolation, ...call });

  /** Kills a worker before the first change it makes, then before the second, and so on until it comes to its end. */
  async function killEverywhere(steps: {
    first: number;
    before(): Promise<void>;
    verb: string;
    argument(): unknown;
    after(): Promise<void>;
  }): Promise<void> {
    for (let crash = steps.first; crash <= MOST_CHANGES; crash += 1) {
      await steps.before();
      const answer = await elsewhere({ verb: steps.verb, argument: steps.argument(), crash });
      await steps.after();
      const { id } = REF;
      const pods = await sandbox.runtime.listPods();
      for (const { build } of pods) await sandbox.runtime.stopPod({ id, organization: 'default', build }, patiently());
      expect(findInits(path.join(sandbox.dir, 'homes', id))).toEqual([]);
      await sandbox.runtime.deleteHome({ id, organization: 'default', identity: null });
      if (answer !== null) return expect(crash).toBeGreaterThan(5);
    }
    throw new Error(`the worker was not done after ${MOST_CHANGES} changes`);
  }

  const inits = () => findInits(path.join(sandbox.dir, 'homes', REF.id));
  const home = async () => (await sandbox.runtime.prepareHome(HOME, patiently())).identity;
  const spec = (build: number, identity: string) => podSpec({ build, home: identity, image: sandbox.images.good });

  // How a home is made and removed does not depend on the isolation.
  const itOnce = isolation === KINDS[0] ? it : () => {};

  itOnce(
    'while it makes a home leaves a part that the next worker completes.',
    async () => {
      await killEverywhere({
        first: 1,
        before: async () => {},
        verb: 'prepareHome',
        argument: () => HOME,
        after: async () => {
          expect(await home()).toBe(await home());
          expect(await sandbox.runtime.listHomes()).toHaveLength(1);
        },
      });
    },
    120_000,
  );

  it('while it starts the first pod of a home leaves one pod or none, and the next worker starts it.', async () => {
    let identity = '';
    await killEverywhere({
      first: AFTER_LOCK,
      before: async () => {
        identity = await home();
      },
      verb: 'startPod',
      argument: () => spec(1, identity),
      after: async () => {
        expect(inits().length).toBeLessThanOrEqual(1);
        const pod = await sandbox.runtime.startPod(spec(1, identity), patiently());
        await until(() => inits().length === 1);
        expect(await sandbox.runtime.observe({ id: REF.id, organization: 'default', build: 1 })).toEqual({
          state: 'running',
          instance: pod.instance,
        });
        const { stdout } = await sandbox.runtime.exec(
          { id: REF.id, organization: 'default', build: 1 },
          { argv: ['cat', '.greeting'] },
          patiently().signal,
        );
        expect(stdout).toBe('welcome\n');
      },
    });
  });

  it('while it replaces the pod of an older build leaves one pod or none, and the next worker starts it.', async () => {
    let identity = '';
    await killEverywhere({
      first: AFTER_LOCK,
      before: async () => {
        identity = await home();
        await sandbox.runtime.startPod(spec(1, identity), patiently());
      },
      verb: 'startPod',
      argument: () => spec(2, identity),
      after: async () => {
        expect(inits().length).toBeLessThanOrEqual(1);
        await sandbox.runtime.startPod(spec(2, identity), patiently());
        await until(() => inits().length === 1);
      },
    });
  });

  itOnce(
    'while it starts a pod leaves nothing that a stop does not remove.',
    async () => {
      let identity = '';
      await killEverywhere({
        first: AFTER_LOCK,
        before: async () => {
          identity = await home();
        },
        verb: 'startPod',
        argument: () => spec(1, identity),
        after: async () => {
          await sandbox.runtime.stopPod({ id: REF.id, organization: 'default', build: 1 }, patiently());
          expect(inits()).toEqual([]);
        },
      });
    },
    120_000,
  );

  it('while it stops a pod leaves what the next worker stops.', async () => {
    await killEverywhere({
      first: AFTER_LOCK,
      before: async () => {
        await sandbox.runtime.startPod(spec(1, await home()), patiently());
      },
      verb: 'stopPod',
      argument: () => ({ id: REF.id, organization: 'default', build: 1 }),
      after: async () => {
        await sandbox.runtime.stopPod({ id: REF.id, organization: 'default', build: 1 }, patiently());
        expect(await sandbox.runtime.listPods()).toEqual([]);
        expect(inits()).toEqual([]);
      },
    });
  });

  itOnce(
    'while it deletes a home leaves what the next worker deletes.',
    async () => {
      await killEverywhere({
        first: AFTER_LOCK,
        before: async () => {
          await sandbox.runtime.startPod(spec(1, await home()), patiently());
          await sandbox.runtime.stopPod({ id: REF.id, organization: 'default', build: 1 }, patiently());
        },
        verb: 'deleteHome',
        argument: () => ({ id: REF.id, identity: null }),
        after: async () => {
          await sandbox.runtime.deleteHome({ id: REF.id, organization: 'default', identity: null });
          expect(await sandbox.runtime.listHomes()).toEqual([]);
        },
      });
    },
    120_000,
  );

  it('and two that race to start a pod make one.', async () => {
    const argument = spec(1, await home());
    const pods = await Promise.all([1, 2, 3].map(() => elsewhere({ verb: 'startPod', argument })));
    expect(new Set(pods.map((pod) => JSON.stringify(pod))).size).toBe(1);
    await until(() => inits().length === 1);
  });

  it('is outlived by the pods that it made.', async () => {
    await elsewhere({ verb: 'startPod', argument: spec(1, await home()) });
    expect(await sandbox.runtime.observe({ id: REF.id, organization: 'default', build: 1 })).toMatchObject({ state: 'running' });
    const { stdout } = await sandbox.runtime.exec(
      { id: REF.id, organization: 'default', build: 1 },
      { argv: ['printenv', 'IMAGE'] },
      patiently().signal,
    );
    expect(stdout).toBe('one\n');
  });
});
