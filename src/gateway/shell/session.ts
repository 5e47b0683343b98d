import { setTimeout as pause } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { ShellClientMessage, ShellOpening } from '../../client/shell/protocol';
import { onAbort } from '../../hooks/until-aborted';
import type { KeySignal, ShellRequest } from '../../runtimes/shell-request';
import type { RightListener } from '../auth/watch-right';
import { GatewayError, toGatewayError } from '../gateway-error';
import { type ClientStreams, createClientStreams } from './client-streams';
import { CLOSE_CODE, listenToClient, type ShellConnection } from './connection';

/** What a terminal needs of the gateway. */
export interface ShellHost {
  /** Opens it in the pod. @throws RuntimeFailure, GatewayError */
  open(request: ShellRequest): Promise<number>;
  /** Counts as access at a moment, epoch milliseconds. */
  ping(at: number): Promise<unknown>;
  /** Checks the client's right periodically, until the function that it returns is called. */
  watchRight(listener: RightListener): () => void;
  now(): number;
  /** Aborted when the gateway ends. */
  ending: AbortSignal;
}

const OPEN_WITHIN_MS = 10_000;
/** How long the end of a shell is waited for after its hangup; what ignores that lives on. */
const HANGUP_MS = 5_000;
const EXIT_CODES: Record<KeySignal, number> = { SIGINT: 130, SIGQUIT: 131 };

/** A client, and what has become of it. */
interface Client {
  connection: ShellConnection;
  streams: ClientStreams;
  opening: Promise<ShellOpening>;
  /** Rejects when the shell has to end: with the reason, or with null where the client has left. */
  left: Promise<never>;
  leave(reason: unknown): void;
}

/** Serves one terminal, from the client's first message to the end of the connection. Never rejects. */
export async function serveShell(socket: WebSocket, host: ShellHost): Promise<void> {
  const client = createClient(socket, host);
  const { connection, streams, left } = client;
  const stopListening = onAbort(host.ending, () => client.leave(unavailable('the gateway is ending; open the terminal again')));
  try {
    const opening = await Promise.race([client.opening, left]);
    const code = await whileCounting(client, host, () => runShell(client, host, opening));
    connection.send({ exit: code });
    connection.close(CLOSE_CODE.normal);
  } catch (error) {
    refuse(connection, error);
  } finally {
    stopListening();
    streams.hangUp();
  }
}

function createClient(socket: WebSocket, host: ShellHost): Client {
  const opening = defer<ShellOpening>();
  const left = defer<never>();
  const streams = createClientStreams({
    sendData: (message) => connection.sendData(message),
    send: (message) => connection.send(message),
  });
  let isOpened = false;
  const leave = (reason: unknown) => left.reject(reason);
  const onMessage = (message: ShellClientMessage) => {
    if ('open' in message) {
      if (isOpened) return leave(invalid('expected one message open'));
      isOpened = true;
      return opening.resolve(message.open);
    }
    if (!isOpened) return leave(invalid('expected the message open first'));
    if (!streams.takeMessage(message) && 'signal' in message) leave(new KeyExit(EXIT_CODES[message.signal]));
  };
  const connection = listenToClient(socket, host.now, {
    onMessage,
    onInput: (data) => {
      if (!isOpened || !streams.takeInput(data)) leave(invalid('expected no more input than was taken'));
    },
    onClose: () => leave(null),
  });
  const timer = setTimeout(() => !isOpened && leave(invalid('expected the message open within 10 s')), OPEN_WITHIN_MS);
  left.promise.catch(() => clearTimeout(timer));
  return { connection, streams, opening: opening.promise, left: left.promise, leave };
}

async function runShell(client: Client, host: ShellHost, { command, ...opening }: ShellOpening): Promise<number> {
  const { streams, left } = client;
  const { signal } = new AbortController();
  const shell = host.open({ command, streams: streams.streams({ command, ...opening }), signal });
  const work = shell.then(async (code) => {
    await streams.flush();
    return code;
  });
  try {
    return await Promise.race([work, left]);
  } catch (error) {
    streams.hangUp();
    await Promise.race([shell.catch(() => undefined), pause(HANGUP_MS)]);
    if (error instanceof KeyExit) return error.code;
    throw error;
  }
}

/** The last moment at which the client lived counts, not that at which its death was noticed. */
async function whileCounting<T>(client: Client, host: ShellHost, work: () => Promise<T>): Promise<T> {
  const { connection } = client;
  // An open terminal is worth more than a count of it.
  const ping = () => host.ping(connection.heardAt()).catch(() => undefined);
  await ping();
  const stopWatching = host.watchRight({ onLost: (refusal) => client.leave(refusal), onKept: ping });
  try {
    return await work();
  } finally {
    stopWatching();
    await ping();
  }
}

function refuse(connection: ShellConnection, error: unknown): void {
  if (error === null || connection.isClosed()) return connection.close(CLOSE_CODE.normal);
  const { type, message, statusCode } = toGatewayError(error);
  connection.send({ error: { type, message } });
  connection.close(statusCode === 400 ? CLOSE_CODE.violation : CLOSE_CODE.goingAway);
}

/** The end of a command whose runtime delivers no signals. */
class KeyExit extends Error {
  constructor(readonly code: number) {
    super(`a key ended the command with ${code}`);
  }
}

const invalid = (message: string) => new GatewayError(400, 'InvalidRequest', message);
const unavailable = (message: string) => new GatewayError(503, 'RuntimeUnavailable', message);

/** A promise that is settled from outside; a rejection that nothing waits for yet is no fault. */
function defer<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
