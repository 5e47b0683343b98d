import type { RuntimeFailure } from '../../../src/runtimes/failure';
import type { CommandResult, HomeSpec, LogRef, Pod, PodRef, PodSpec, Progress, Runtime } from '../../../src/runtimes/runtime';

/** A runtime with a world of its own, and what happens to it behind its back. */
export interface RuntimeWorld {
  runtime: Runtime;
  /** Another object over the same world, as another process would have it. */
  another: Runtime;
  /** An image that is there, one whose user has another uid (null where all run as one), and one that is not there. */
  images: { good: string; otherUid: string | null; missing: string };
  /** The uid of the good image's user. */
  uid: number;
  losePod(ref: PodRef): Promise<void>;
  loseHome(id: string): Promise<void>;
  writeLog(log: Omit<LogRef, 'offset'>, text: string): Promise<void>;
  /** What this kind of runtime cannot do, since nobody but its pods sees a home, and nothing but a home tells of it. */
  lacks?: ('memory of lost homes' | 'logs without a pod')[];
  /** Ends the world, and fails if anything of it is left. */
  end(): Promise<void>;
}

/** The workspace that the rules are tried on. */
export const ID = 'w1';
export const REF = { id: ID, owner: 'ada', name: 'dev', organization: 'default' };
export const HOME: HomeSpec = { ...REF, identity: null, adopt: false, disk: '10Gi' };

/** A progress whose waiting nobody ends. */
export const patiently = (): Progress => ({ signal: new AbortController().signal, waitingFor: () => {} });

/** What a pod needs, in short. */
export const podSpec = (spec: Partial<PodSpec> & Pick<PodSpec, 'build' | 'home' | 'image'>): PodSpec => ({
  ...REF,
  digest: null,
  resources: { cpu: '1', memory: '1Gi', disk: '10Gi' },
  podSecurity: 'restricted',
  env: {},
  ...spec,
});

/** Expects a failure of one type of the closed list. */
export async function expectFailure(work: Promise<unknown>, type: RuntimeFailure['type']): Promise<RuntimeFailure> {
  const failure = await work.then(
    (answer) => Promise.reject(new Error(`${type} was expected, and this came: ${JSON.stringify(answer)}`)),
    (error: unknown) => error as RuntimeFailure,
  );
  expect(failure).toMatchObject({ name: 'RuntimeFailure', type });
  return failure;
}

/** What each rule is given: a fresh world, and its verbs in short. */
export interface Given {
  world(): RuntimeWorld;
  prepare(spec?: Partial<HomeSpec>): Promise<string>;
  start(build: number, spec?: Partial<PodSpec>): Promise<Pod>;
  stop(build: number): Promise<void>;
  run(build: number): Promise<CommandResult>;
}

/** Makes a fresh world before each rule, and ends it after. */
export function giveWorld(makeWorld: () => Promise<RuntimeWorld>): Given {
  let world: RuntimeWorld;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.end());
  const prepare = async (spec: Partial<HomeSpec> = {}) =>
    (await world.runtime.prepareHome({ ...HOME, ...spec }, patiently())).identity;
  return {
    world: () => world,
    prepare,
    start: async (build, spec = {}) => {
      const home = spec.home ?? (await prepare());
      return world.runtime.startPod(podSpec({ build, home, image: world.images.good, ...spec }), patiently());
    },
    stop: (build) => world.runtime.stopPod({ id: ID, organization: 'default', build }, patiently()),
    run: (build) => world.runtime.exec({ id: ID, organization: 'default', build }, { argv: ['true'] }, patiently().signal),
  };
}
