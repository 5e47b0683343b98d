import type WebSocket from 'ws';

/** The streams of a command, by the number that stands before each message. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

const PING_INTERVAL_MS = 5_000;
const SILENCE_MS = 30_000;
const CLOSING_MS = 2_000;
/** Messages of any size are taken, but servers in between may not. */
const MAX_MESSAGE_BYTES = 32 * 1024;

/** A command's end of the line. */
export interface ExecSocket {
  /** `sent` is called when it is on its way. */
  send(channel: number, data: Buffer | string, sent?: () => void): void;
  /** How many bytes wait here to be sent. */
  waiting(): number;
  /** Nothing is heard any more until as many `release` have followed, and the other side has to wait. */
  hold(): void;
  release(): void;
  /** Resolves when the line is closed or lost, whichever way. */
  closed: Promise<void>;
  close(): void;
}

/** Listens to a command, and makes sure that a line on which nobody answers any more ends. */
export function listen(socket: WebSocket, onMessage: (channel: number, data: Buffer) => void): ExecSocket {
  let heardAt = performance.now();
  let isClosing = false;
  let holds = 0;
  let ending: NodeJS.Timeout | undefined;
  const pulse = setInterval(() => {
    if (holds > 0) heardAt = performance.now();
    if (performance.now() - heardAt > SILENCE_MS) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, PING_INTERVAL_MS);
  socket.on('pong', () => {
    heardAt = performance.now();
  });
  socket.on('message', (message: Buffer) => {
    heardAt = performance.now();
    const channel = message[0];
    if (channel !== undefined && !isClosing) onMessage(channel, message.subarray(1));
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve())).finally(() => {
    clearInterval(pulse);
    clearTimeout(ending);
  });
  return {
    closed,
    waiting: () => socket.bufferedAmount,
    hold() {
      if (holds++ === 0) socket.pause();
    },
    release() {
      heardAt = performance.now();
      if (--holds === 0) socket.resume();
    },
    send(channel, data, sent = () => {}) {
      const bytes = Buffer.from(data);
      const first = Buffer.from([channel]);
      if (bytes.length === 0) socket.send(first, sent);
      for (let at = 0; at < bytes.length; at += MAX_MESSAGE_BYTES)
        socket.send(Buffer.concat([first, bytes.subarray(at, at + MAX_MESSAGE_BYTES)]), sent);
    },
    close() {
      if (socket.readyState === socket.CLOSED) return;
      isClosing = true;
      socket.resume();
      socket.close();
      // What still comes is read until the server answers, and something in the pod may say more for ever.
      ending ??= setTimeout(() => socket.terminate(), CLOSING_MS);
    },
  };
}

/** Where a command runs, and how to get there. */
export interface ExecPlace {
  socket(path: string, protocols: string[]): Promise<WebSocket>;
  namespace: string;
  pod: string;
  container: string;
}

/** The path that starts a command. Its words are seen by proxies and audit logs, so they are never secret. */
export function execPath(
  { namespace, pod, container }: ExecPlace,
  { argv, stdin, tty }: { argv: string[]; stdin: boolean; tty: boolean },
) {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: String(!tty), stdin: String(stdin), tty: String(tty) });
  for (const word of argv) query.append('command', word);
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
}
