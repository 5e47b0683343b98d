import { untilAborted } from '../../hooks/until-aborted';
import type { RuntimeFailure } from '../failure';
import type { Command, CommandResult, Pod, PodRef, Progress, Runtime } from '../runtime';
import { type LogName, MemoryWorld } from './store';

/** The verbs that can be made to fail or to wait. */
export type Verb = Exclude<keyof Runtime, 'name' | 'close'>;

/** What to do at the `call`th call of a verb, counted from 1 for each verb. */
export interface MemoryOptions {
  /** Fails it before it did anything. */
  fail?(verb: Verb, call: number): RuntimeFailure | undefined;
  /** Fails it after it did everything, like an answer that was lost on its way. */
  failLate?(verb: Verb, call: number): RuntimeFailure | undefined;
  /** Holds it up, before it did anything, until the promise resolves. */
  hold?(verb: Verb, call: number): Promise<void> | undefined;
  /** What a command comes to; by default it ends well and says nothing. */
  exec?(pod: Pod, command: Command, signal: AbortSignal): CommandResult | Promise<CommandResult>;
  /** What a reference stands for, null being no such image. By default each is an image of user coder, uid 1000. */
  image?(reference: string): MemoryImage | null;
  now?(): number;
}

/** An image, as far as a runtime in memory needs one. */
export interface MemoryImage {
  digest: string;
  user: string;
  uid: number;
}

/** A runtime in memory, with what tests do to the world behind its back. */
export interface MemoryRuntime extends Runtime {
  endAll(): Promise<void>;
  /** Every verb called so far, in order. */
  readonly calls: readonly Verb[];
  losePod(ref: PodRef, why?: { reason?: string; counted?: boolean }): void;
  loseHome(id: string): void;
  setTerminalInput(ref: PodRef, at: number | null): void;
  writeLog(log: LogName, text: string): void;
}

/** Makes a runtime in memory. It is deterministic: all it makes is numbered, and time passes only as the options say. */
export function createMemoryRuntime(options: MemoryOptions = {}): MemoryRuntime {
  const calls: Verb[] = [];
  const world = new MemoryWorld({ now: options.now ?? (() => 0), image: options.image ?? anyImage });
  const act = <T>(verb: Verb, work: () => T | Promise<T>, waiting: Partial<Progress> = {}): Promise<T> => {
    calls.push(verb);
    return script({ options, verb, call: calls.filter((other) => other === verb).length, waiting }, work);
  };
  const exec = ({ ref, command, signal }: { ref: PodRef; command: Command; signal: AbortSignal }) => {
    const { pod, lost } = world.living(ref);
    const either = AbortSignal.any([signal, lost.signal]);
    return untilAborted(
      either,
      async () => (await options.exec?.(pod, command, either)) ?? { exitCode: 0, stdout: '', stderr: '' },
    );
  };
  return {
    name: 'memory',
    calls,
    prepareHome: (spec, progress) => act('prepareHome', () => world.prepareHome(spec), progress),
    startPod: (spec, progress) => act('startPod', () => world.startPod(spec), progress),
    stopPod: (ref, progress) => act('stopPod', () => world.stopPod(ref), progress),
    exec: (ref, command, signal) => act('exec', () => exec({ ref, command, signal }), { signal }),
    observe: (ref) => act('observe', () => world.observe(ref)),
    listPods: () => act('listPods', () => world.listPods()),
    listHomes: () => act('listHomes', () => world.listHomes()),
    deleteHome: (home) => act('deleteHome', () => world.deleteHome(home)),
    lastTerminalInput: (ref) => act('lastTerminalInput', () => world.living(ref).terminalInput),
    readLog: (log) => act('readLog', () => world.readLog(log)),
    shell: (ref, argv, signal) => act('shell', async () => (await exec({ ref, command: { argv }, signal })).exitCode, { signal }),
    endAll: () => act('endAll', () => world.endAll()),
    close: async () => {},
    losePod: (ref, why) => world.losePod(ref, why),
    loseHome: (id) => world.loseHome(id),
    setTerminalInput: (ref, at) => {
      world.living(ref).terminalInput = at;
    },
    writeLog: (log, text) => world.writeLog(log, text),
  };
}

const anyImage = (reference: string): MemoryImage => ({ digest: `sha256:${reference}`, user: 'coder', uid: 1000 });

interface ScriptedCall {
  options: MemoryOptions;
  verb: Verb;
  call: number;
  waiting: Partial<Progress>;
}

async function script<T>({ options, verb, call, waiting }: ScriptedCall, work: () => T | Promise<T>): Promise<T> {
  const before = options.fail?.(verb, call);
  if (before !== undefined) throw before;
  const hold = options.hold?.(verb, call);
  if (hold !== undefined) waiting.waitingFor?.(`what holds ${verb} up`);
  await untilAborted(waiting.signal ?? new AbortController().signal, async () => hold);
  const answer = await work();
  const after = options.failLate?.(verb, call);
  if (after !== undefined) throw after;
  return answer;
}
