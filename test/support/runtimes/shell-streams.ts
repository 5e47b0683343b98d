import { PassThrough } from 'node:stream';
import type { KeySignal, ShellStreams, TerminalSize } from '../../../src/runtimes/shell-request';

/** The test's end of a shell's streams. */
export interface TestStreams extends ShellStreams {
  stdin: PassThrough;
  stdout: PassThrough;
  stderr: PassThrough;
  /** Changes the size of the terminal. */
  resize(size: TerminalSize): void;
  press(signal: KeySignal): void;
}

/** Streams of the test's own; with a size they are a terminal's. */
export function testStreams(size: TerminalSize | null = null): TestStreams {
  let now = size;
  const resized = new Set<() => void>();
  const pressed = new Set<(signal: KeySignal) => void>();
  const listen = <T>(to: Set<T>, listener: T) => {
    to.add(listener);
    return () => void to.delete(listener);
  };
  return {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    terminal: size && {
      size: () => now ?? size,
      onResize: (listener) => listen(resized, listener),
      setRawMode: () => undefined,
    },
    term: 'xterm',
    onKeySignal: (listener) => listen(pressed, listener),
    resize(changed) {
      now = changed;
      for (const listener of resized) listener();
    },
    press(signal) {
      for (const listener of pressed) listener(signal);
    },
  };
}
