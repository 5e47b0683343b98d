import type { WebSocket } from 'ws';
import { SHELL_CHANNEL, type ShellClientMessage, type ShellServerMessage, WINDOW_BYTES } from '../../client/shell/protocol';
import { parseClientMessage } from './messages';

/** The server's end of the connection of a terminal. */
export interface ShellConnection {
  /** Sends a message of data, with its channel as the first byte. */
  sendData(message: Buffer): void;
  send(message: ShellServerMessage): void;
  /** When the client last sent anything, epoch milliseconds. A living client answers pings. */
  heardAt(): number;
  isClosed(): boolean;
  close(code: number): void;
}

export interface ShellListener {
  onMessage(message: ShellClientMessage): void;
  onInput(data: Buffer): void;
  /** The client has left or no longer answers. */
  onClose(): void;
}

const PING_INTERVAL_MS = 10_000;
/** A client that is silent for longer is gone. */
const SILENCE_MS = 30_000;
const CLOSING_MS = 5_000;
/** A client that lets more than this wait reads nothing: data alone is never more than a window. */
const MAX_WAITING_BYTES = 4 * WINDOW_BYTES;

/** Codes with which a WebSocket is closed. */
export const CLOSE_CODE = { normal: 1000, goingAway: 1001, violation: 1008 } as const;

/** Listens to a client. What is no message of the protocol closes the connection. */
export function listenToClient(socket: WebSocket, now: () => number, listener: ShellListener): ShellConnection {
  let heardAt = now();
  const hear = () => {
    heardAt = now();
  };
  const isOverfull = () => socket.bufferedAmount > MAX_WAITING_BYTES;
  const heartbeat = setInterval(() => {
    if (now() - heardAt > SILENCE_MS || isOverfull()) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, PING_INTERVAL_MS);
  const close = (code: number) => {
    socket.close(code);
    setTimeout(() => socket.terminate(), CLOSING_MS).unref();
  };
  socket.on('pong', hear);
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    hear();
    if (socket.readyState !== socket.OPEN) return;
    if (isBinary) return data[0] === SHELL_CHANNEL.stdin ? listener.onInput(data.subarray(1)) : close(CLOSE_CODE.violation);
    const message = parseClientMessage(data.toString('utf8'));
    if (message === null) close(CLOSE_CODE.violation);
    else listener.onMessage(message);
  });
  // A connection that fails is closed too.
  socket.on('error', () => undefined);
  socket.once('close', () => {
    clearInterval(heartbeat);
    listener.onClose();
  });
  const isOpen = () => socket.readyState === socket.OPEN;
  return {
    sendData: (message) => {
      if (isOpen()) socket.send(message);
    },
    send: (message) => {
      if (isOverfull()) socket.terminate();
      else if (isOpen()) socket.send(JSON.stringify(message));
    },
    heardAt: () => heardAt,
    isClosed: () => !isOpen(),
    close,
  };
}
