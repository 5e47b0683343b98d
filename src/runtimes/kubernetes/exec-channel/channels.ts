import type WebSocket from 'ws';

/** The streams of a command, by the first byte of each message. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

const PING_INTERVAL_MS = 5_000;
const SILENCE_MS = 30_000;
const CLOSING_MS = 2_000;
/** Kubernetes takes messages of any size; proxies in between may not. */
const MAX_MESSAGE_BYTES = 32 * 1024;

/** The caller's end of the connection to a command. */
export interface ExecConnection {
  /** `sent` is called once the data has left the process. */
  send(channel: number, data: Buffer | string, sent?: () => void): void;
  /** How many bytes wait in this process to be sent. */
  waiting(): number;
  /** Reads no more, so that the command has to wait, until `release` was called as often. */
  hold(): void;
  release(): void;
  /** Resolves when the connection is closed or lost. */
  closed: Promise<void>;
  close(): void;
}

/** Listens to a command, and ends a connection whose peer no longer answers pings. */
export function listen(socket: WebSocket, onMessage: (channel: number, data: Buffer) => void): ExecConnection {
  let heardAt = performance.now();
  let isClosing = false;
  let holds = 0;
  let ending: NodeJS.Timeout | undefined;
  const heartbeat = setInterval(() => {
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
    clearInterval(heartbeat);
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
      // Closing waits for the server, and the command may go on to write without limit.
      ending ??= setTimeout(() => socket.terminate(), CLOSING_MS);
    },
  };
}

/** The container in which a command runs, and how to connect to it. */
export interface ExecTarget {
  socket(path: string, protocols: string[]): Promise<WebSocket>;
  namespace: string;
  pod: string;
  container: string;
}

/** The path that starts a command. Proxies and audit logs see its arguments, so these are never secret. */
export function execPath(
  { namespace, pod, container }: ExecTarget,
  { argv, stdin, tty }: { argv: string[]; stdin: boolean; tty: boolean },
) {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: String(!tty), stdin: String(stdin), tty: String(tty) });
  for (const word of argv) query.append('command', word);
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
}
