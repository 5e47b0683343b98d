import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { SHELL_CHANNEL, type ShellClientMessage, type ShellOpening, type ShellServerMessage } from '../../client/shell/protocol';
import { createReceiveWindow, createSendWindow } from '../../client/shell/window';
import type { KeySignal, ShellStreams } from '../../runtimes/shell-request';

/** The streams of a client, made of its messages. */
export interface ClientStreams {
  streams(opening: ShellOpening): ShellStreams;
  /** False for more input than the client may send. */
  takeInput(data: Buffer): boolean;
  /** False for a key that the runtime cannot pass on. */
  takeMessage(message: Exclude<ShellClientMessage, { open: unknown }>): boolean;
  /** Resolves when all output was sent; rejects when the client has left. */
  flush(): Promise<void>;
  hangUp(): void;
}

export function createClientStreams(to: {
  sendData(message: Buffer): void;
  send(message: ShellServerMessage): void;
}): ClientStreams {
  const stdin = new PassThrough();
  const sending = createSendWindow(to.sendData);
  const receiving = createReceiveWindow((taken) => to.send({ taken }));
  const [stdout, stderr] = [sending.channel(SHELL_CHANNEL.stdout), sending.channel(SHELL_CHANNEL.stderr)];
  const all = [stdin, stdout, stderr];
  // A stream that the client has left is destroyed while data is under way.
  for (const stream of all) stream.on('error', () => undefined);
  const resized = new Set<() => void>();
  const pressed = new Set<(signal: KeySignal) => void>();
  let size = { columns: 80, rows: 24 };
  return {
    streams({ terminal, term }) {
      size = terminal ?? size;
      const own = {
        size: () => size,
        onResize: (listener: () => void) => listen(resized, listener),
        setRawMode: () => undefined,
      };
      return { stdin, stdout, stderr, terminal: terminal && own, term, onKeySignal: (listener) => listen(pressed, listener) };
    },
    takeInput: (data) => receiving.take(data, stdin),
    takeMessage(message) {
      if ('taken' in message) sending.taken(message.taken);
      if ('end' in message) stdin.end();
      if ('resize' in message) {
        size = message.resize;
        for (const listener of resized) listener();
      }
      if (!('signal' in message)) return true;
      for (const listener of pressed) listener(message.signal);
      return pressed.size > 0;
    },
    flush: async () => void (await Promise.all([stdout, stderr].map((stream) => finished(stream.end())))),
    hangUp: () => {
      for (const stream of all) stream.destroy();
    },
  };
}

function listen<T>(to: Set<T>, listener: T): () => void {
  to.add(listener);
  return () => void to.delete(listener);
}
