import { RuntimeFailure } from '../failure';
import { type Fence, OPEN_FENCE, raiseForStart, raiseForStop } from '../fence';
import type { HomeSpec, ListedHome, ListedPod, LogRef, Observation, Pod, PodRef, PodSpec } from '../runtime';

const LOG_LIMIT_BYTES = 1024 * 1024;

/** The log of a build's step. */
export type LogName = Omit<LogRef, 'offset'>;

/** One pod, live or dead. */
interface MemoryPod {
  pod: Pod;
  listed: ListedPod;
  terminalInput: number | null;
  /** Aborted when the pod ends, which ends its commands. */
  lost: AbortController;
}

interface MemoryHome {
  listed: ListedHome;
  /** The uid that owns its files; null before the first pod. */
  uid: number | null;
  isThere: boolean;
  logs: Map<string, Buffer>;
}

/** An image, as far as a runtime in memory needs it. */
export interface MemoryImage {
  digest: string;
  user: string;
  uid: number;
}

interface StoreOptions {
  now(): number;
  image(reference: string): MemoryImage | null;
}

/** The homes and pods of a runtime in memory, under the rules of all runtimes. Every method is synchronous. */
export class MemoryStore {
  private readonly homes = new Map<string, MemoryHome>();
  private readonly pods = new Map<string, MemoryPod>();
  private readonly fences = new Map<string, Fence>();
  private made = 0;

  constructor(private readonly options: StoreOptions) {}

  prepareHome(spec: HomeSpec): { identity: string } {
    const { id, owner, name, organization, disk } = spec;
    const found = this.homes.get(id);
    if (found === undefined) return this.makeHome(spec);
    if (found.listed.owner !== owner) {
      throw new RuntimeFailure('NotAllowed', `home ${id} belongs to ${found.listed.owner}, and ${owner} asked for it`);
    }
    const { listed } = this.recognise(id, spec.identity);
    Object.assign(listed, { name, organization, disk });
    return { identity: listed.identity };
  }

  startPod(spec: PodSpec): Pod {
    const { id, owner, name, organization, build } = spec;
    this.fences.set(id, raiseForStart(this.fences.get(id) ?? OPEN_FENCE, spec));
    const home = this.recognise(id, spec.home);
    const found = this.pods.get(id);
    if (found?.listed.running && found.pod.build === build) return found.pod;
    const image = this.resolve(spec, home);
    if (found !== undefined) endPod(found);
    home.uid = image.uid;
    this.made += 1;
    const { warnings, ...known } = image;
    const pod = { id, build, instance: `pod-${this.made}`, ...known, home: `/home/${image.user}`, warnings };
    const listed = { id, build, instance: pod.instance, owner, name, organization, running: true, reason: null, counted: true };
    this.pods.set(id, { pod, listed, terminalInput: null, lost: new AbortController() });
    return pod;
  }

  stopPod({ id, build }: PodRef): void {
    this.fences.set(id, raiseForStop(this.fences.get(id) ?? OPEN_FENCE, build));
    const found = this.pods.get(id);
    if (found === undefined || found.pod.build > build) return;
    endPod(found);
    this.pods.delete(id);
  }

  /** @throws PodLost */
  living(ref: PodRef): MemoryPod {
    const found = this.pods.get(ref.id);
    if (found?.pod.build === ref.build && found.listed.running) return found;
    throw lose(ref);
  }

  observe(ref: PodRef): Observation {
    const found = this.pods.get(ref.id);
    if (found?.pod.build !== ref.build) {
      return { state: 'gone', reason: `there is no pod of build ${ref.build} of ${ref.id}`, counted: true };
    }
    const { running, reason, counted } = found.listed;
    return running
      ? { state: 'running', instance: found.pod.instance }
      : { state: 'gone', reason: reason ?? 'it was lost', counted };
  }

  listPods(): ListedPod[] {
    return [...this.pods.values()].map(({ listed }) => ({ ...listed }));
  }

  listHomes(): ListedHome[] {
    return [...this.homes.values()].map(({ listed }) => ({ ...listed }));
  }

  deleteHome({ id, identity }: { id: string; identity: string | null }): void {
    const found = this.pods.get(id);
    if (found?.listed.running)
      throw new RuntimeFailure('HomeBusy', `home ${id} is mounted by the pod of build ${found.pod.build}`);
    if (this.homes.get(id)?.isThere) this.recognise(id, identity);
    for (const kept of [this.homes, this.pods, this.fences]) kept.delete(id);
  }

  readLog({ id, build, step, offset }: LogRef): { text: Buffer; nextOffset: number } | null {
    const log = this.homes.get(id)?.logs.get(`${build}/${step}`);
    if (log === undefined) return null;
    const text = log.subarray(offset, offset + LOG_LIMIT_BYTES);
    return { text, nextOffset: Math.min(offset, log.length) + text.length };
  }

  writeLog({ id, build, step }: LogName, text: string): void {
    this.recognise(id, null).logs.set(`${build}/${step}`, Buffer.from(text));
  }

  endAll(): void {
    for (const { listed } of this.pods.values()) {
      if (listed.running) this.losePod(listed, { reason: 'it was ended with the whole stack', counted: false });
    }
  }

  losePod(ref: PodRef, why: { reason?: string; counted?: boolean } = {}): void {
    const found = this.living(ref);
    Object.assign(found.listed, { running: false, reason: why.reason ?? 'it was lost', counted: why.counted ?? true });
    endPod(found);
  }

  loseHome(id: string): void {
    this.recognise(id, null).isThere = false;
  }

  private makeHome(spec: HomeSpec): { identity: string } {
    const { id, owner, name, organization, disk } = spec;
    if (spec.identity !== null || spec.adopt) throw miss(id);
    this.made += 1;
    const identity = `home-${this.made}`;
    const listed = { id, owner, name, organization, disk, identity, createdAt: this.options.now() };
    this.homes.set(id, { listed, uid: null, isThere: true, logs: new Map() });
    return { identity };
  }

  private recognise(id: string, identity: string | null): MemoryHome {
    const home = this.homes.get(id);
    if (!home?.isThere || (identity !== null && identity !== home.listed.identity)) throw miss(id);
    return home;
  }

  private resolve({ id, image, digest }: PodSpec, home: MemoryHome) {
    const found = this.options.image(image);
    if (found === null) throw new RuntimeFailure('ImageNotFound', `there is no image ${image}`);
    if (home.uid !== null && home.uid !== found.uid) {
      const message = `image ${image} has uid ${found.uid}, and the files of home ${id} belong to uid ${home.uid}`;
      throw new RuntimeFailure('ImageInvalid', message);
    }
    const isAsWanted = digest === null || digest === found.digest;
    const warnings = isAsWanted
      ? []
      : [`image ${image} can no longer be pulled as ${digest}; the newest, ${found.digest}, runs instead`];
    return { ...found, warnings };
  }
}

const miss = (id: string) => new RuntimeFailure('HomeMissing', `home ${id} is missing, or another one than was recorded`);

const lose = ({ id, build }: { id: string; build: number }) =>
  new RuntimeFailure('PodLost', `the pod of build ${build} of ${id} is gone`);

const endPod = ({ lost, pod }: MemoryPod): void => lost.abort(lose(pod));
