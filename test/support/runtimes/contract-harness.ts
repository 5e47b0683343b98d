import type { RuntimeFailure } from '../../../src/runtimes/failure';
import type { CommandResult, HomeSpec, LogRef, Pod, PodRef, PodSpec, Progress, Runtime } from '../../../src/runtimes/runtime';

/** A runtime in an environment of its own, and the accidents that happen to it. */
export interface RuntimeEnv {
  runtime: Runtime;
  /** Another object in the same environment, as another process would have it. */
  another: Runtime;
  /** An image that exists, an image whose user has another uid (null where all have the same), and an image that is missing. */
  images: { good: string; otherUid: string | null; missing: string };
  /** The uid of the good image's user. */
  uid: number;
  losePod(ref: PodRef): Promise<void>;
  loseHome(id: string): Promise<void>;
  writeLog(log: Omit<LogRef, 'offset'>, text: string): Promise<void>;
  /** What this kind of runtime cannot do, since only its pods see a home, and only a home has a record of itself. */
  lacks?: ('memory of lost homes' | 'logs without a pod')[];
  /** Ends the environment, and fails if anything of it is left. */
  end(): Promise<void>;
}

/** The workspace that the rules are tried on. */
export const ID = 'w1';
export const REF = { id: ID, owner: 'ada', name: 'dev', organization: 'default' };
export const HOME: HomeSpec = { ...REF, identity: null, adopt: false, disk: '10Gi' };

/** A progress that is never aborted. */
export const patiently = (): Progress => ({ signal: new AbortController().signal, waitingFor: () => {} });

/** The spec of a pod, with defaults. */
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
    (answer) => Promise.reject(new Error(`${type} was expected, and this was returned: ${JSON.stringify(answer)}`)),
    (error: unknown) => error as RuntimeFailure,
  );
  expect(failure).toMatchObject({ name: 'RuntimeFailure', type });
  return failure;
}

/** What each rule uses: a new environment, and shorthands for verbs. */
export interface ContractContext {
  env(): RuntimeEnv;
  prepare(spec?: Partial<HomeSpec>): Promise<string>;
  start(build: number, spec?: Partial<PodSpec>): Promise<Pod>;
  stop(build: number): Promise<void>;
  run(build: number): Promise<CommandResult>;
}

/** Makes a new environment before each rule, and ends it after. */
export function useRuntimeEnv(makeEnv: () => Promise<RuntimeEnv>): ContractContext {
  let env: RuntimeEnv;
  beforeEach(async () => {
    env = await makeEnv();
  });
  afterEach(() => env.end());
  const prepare = async (spec: Partial<HomeSpec> = {}) =>
    (await env.runtime.prepareHome({ ...HOME, ...spec }, patiently())).identity;
  return {
    env: () => env,
    prepare,
    start: async (build, spec = {}) => {
      const home = spec.home ?? (await prepare());
      return env.runtime.startPod(podSpec({ build, home, image: env.images.good, ...spec }), patiently());
    },
    stop: (build) => env.runtime.stopPod({ id: ID, organization: 'default', build }, patiently()),
    run: (build) => env.runtime.exec({ id: ID, organization: 'default', build }, { argv: ['true'] }, patiently().signal),
  };
}
