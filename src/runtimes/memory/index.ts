import { untilAborted } from '../../hooks/until-aborted';
import type { Command, CommandResult, Pod, PodRef, Progress, Runtime } from '../runtime';
import { type FaultOptions, type Verb, withFaults } from './fault-injection';
import { type LogName, type MemoryImage, MemoryStore } from './store';

export type { Verb } from './fault-injection';

/** The behaviour of a runtime in memory, with its faults. */
export interface MemoryOptions extends FaultOptions {
  /** The result of a command; by default exit code 0 without output. */
  exec?(pod: Pod, command: Command, signal: AbortSignal): CommandResult | Promise<CommandResult>;
  /** The image of a reference, null where there is none. By default each is an image of user coder, uid 1000. */
  image?(reference: string): MemoryImage | null;
  /** Epoch milliseconds; 0 by default. */
  now?(): number;
}

/** A runtime in memory, and the changes that tests make without its verbs. */
export interface MemoryRuntime extends Runtime {
  endAll(): Promise<void>;
  /** The verbs of all calls, in order. */
  readonly calls: readonly Verb[];
  /** Ends a pod as if its node had lost it. */
  losePod(ref: PodRef, why?: { reason?: string; counted?: boolean }): void;
  /** Makes a home vanish. */
  loseHome(id: string): void;
  /** Sets the time of the last terminal input, in epoch milliseconds. */
  setTerminalInput(ref: PodRef, at: number | null): void;
  /** Writes the log of a step to the home. */
  writeLog(log: LogName, text: string): void;
}

/** Creates a runtime in memory. It is deterministic: identities are numbers, and the clock is that of the options. */
export function createMemoryRuntime(options: MemoryOptions = {}): MemoryRuntime {
  const calls: Verb[] = [];
  const store = new MemoryStore({ now: options.now ?? (() => 0), image: options.image ?? anyImage });
  const act = <T>(verb: Verb, work: () => T | Promise<T>, waiting: Partial<Progress> = {}): Promise<T> => {
    calls.push(verb);
    return withFaults(options, { verb, call: calls.filter((other) => other === verb).length, waiting }, work);
  };
  const exec = ({ ref, command, signal }: { ref: PodRef; command: Command; signal: AbortSignal }) => {
    const { pod, lost } = store.living(ref);
    const either = AbortSignal.any([signal, lost.signal]);
    return untilAborted(
      either,
      async () => (await options.exec?.(pod, command, either)) ?? { exitCode: 0, stdout: '', stderr: '' },
    );
  };
  return {
    name: 'memory',
    calls,
    prepareHome: (spec, progress) => act('prepareHome', () => store.prepareHome(spec), progress),
    startPod: (spec, progress) => act('startPod', () => store.startPod(spec), progress),
    stopPod: (ref, progress) => act('stopPod', () => store.stopPod(ref), progress),
    exec: (ref, command, signal) => act('exec', () => exec({ ref, command, signal }), { signal }),
    observe: (ref) => act('observe', () => store.observe(ref)),
    listPods: () => act('listPods', () => store.listPods()),
    listHomes: () => act('listHomes', () => store.listHomes()),
    deleteHome: (home) => act('deleteHome', () => store.deleteHome(home)),
    lastTerminalInput: (ref) => act('lastTerminalInput', () => store.living(ref).terminalInput),
    readLog: (log) => act('readLog', () => store.readLog(log)),
    shell: (ref, { command: argv, streams, signal }) =>
      act(
        'shell',
        async () => {
          const { exitCode, stdout, stderr } = await exec({ ref, command: { argv }, signal });
          streams.stdout.write(stdout);
          streams.stderr.write(stderr);
          return exitCode;
        },
        { signal },
      ),
    endAll: () => act('endAll', () => store.endAll()),
    close: async () => {},
    losePod: (ref, why) => store.losePod(ref, why),
    loseHome: (id) => store.loseHome(id),
    setTerminalInput: (ref, at) => {
      store.living(ref).terminalInput = at;
    },
    writeLog: (log, text) => store.writeLog(log, text),
  };
}

/** The image of a reference where a test has none of its own. */
export const anyImage = (reference: string): MemoryImage => ({ digest: `sha256:${reference}`, user: 'coder', uid: 1000 });
