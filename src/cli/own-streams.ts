import type { KeySignal, ShellStreams } from '../runtimes/shell-request';

/** What the environment and the process have. */
interface Own {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** As in TERM. */
  term: string | undefined;
  /** Calls the listener at each of these signals until the function that it returns is called. */
  onSignal(signal: KeySignal, listener: () => void): () => void;
}

/** The command's own streams, for a shell. They are a terminal where both input and output are. */
export function ownStreams({ stdin, stdout, stderr, term, onSignal }: Own): ShellStreams {
  const terminal = {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onResize: (listener: () => void) => {
      stdout.on('resize', listener);
      return () => void stdout.off('resize', listener);
    },
    setRawMode: (isRaw: boolean) => void stdin.setRawMode(isRaw),
  };
  return {
    stdin,
    stdout: stdout as ShellStreams['stdout'],
    stderr: stderr as ShellStreams['stderr'],
    terminal: stdin.isTTY && stdout.isTTY ? terminal : null,
    term: term || 'xterm-256color',
    onKeySignal: (listener) => {
      const stops = (['SIGINT', 'SIGQUIT'] as const).map((signal) => onSignal(signal, () => listener(signal)));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
