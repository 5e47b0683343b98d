import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import WebSocket from 'ws';
import { SHELL_CHANNEL, SHELL_PROTOCOL, type ShellClientMessage, type ShellServerMessage } from '../../client/shell/protocol';
import { createReceiveWindow, createSendWindow } from '../../client/shell/window';
import { onAbort } from '../../hooks/until-aborted';
import type { ShellRequest, ShellStreams } from '../../runtimes/shell-request';
import { CliFailure } from '../failure';

/** Where the terminal is opened. */
export interface ShellAddress {
  /** The URL of the route, `http:` or `https:`. */
  url: string;
  token: string;
}

const HANDSHAKE_MS = 30_000;
/** The gateway pings more often; a connection that is silent for longer is lost. */
const SILENCE_MS = 45_000;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * Opens a terminal, or one command, through the gateway, and resolves with its exit code; what it printed has been written by then.
 * @throws CliFailure with the gateway's refusal, or RuntimeUnavailable when the connection is lost; the signal's reason
 */
export async function openShell(address: ShellAddress, { command, streams, signal }: ShellRequest): Promise<number> {
  signal.throwIfAborted();
  const socket = await connect(address);
  const sending = createSendWindow((message) => socket.send(message));
  const send = (message: ShellClientMessage) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const stops = [onAbort(signal, () => socket.terminate()), endWhenSilent(socket)];
  try {
    const ended = untilEnd({ socket, streams, send, taken: sending.taken });
    send({ open: { command, terminal: streams.terminal?.size() ?? null, term: streams.term } });
    stops.push(connectInput(streams, { send, input: sending.channel(SHELL_CHANNEL.stdin) }));
    return await ended;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    for (const stop of stops) stop();
    socket.close();
  }
}

function connect({ url, token }: ShellAddress): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [SHELL_PROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  return new Promise((resolve, reject) => {
    // Errors after the opening show as the socket's close.
    socket.on('error', ({ message }) => reject(new CliFailure('Unavailable', `no gateway answers at ${url}: ${message}`)));
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', async (request, response) => {
      reject(await readRefusal(response));
      request.destroy();
    });
  });
}

async function readRefusal(response: IncomingMessage): Promise<CliFailure> {
  try {
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    const { type, message } = (JSON.parse(text) as { error: { type: string; message: string } }).error;
    return new CliFailure(type, message);
  } catch {
    return new CliFailure('Unavailable', `the gateway answered ${response.statusCode} in the place of a terminal`);
  }
}

interface Receiving {
  socket: WebSocket;
  streams: ShellStreams;
  send(message: ShellClientMessage): void;
  taken(bytes: number): void;
}

/** Writes output until the gateway reports the end. */
function untilEnd({ socket, streams, send, taken }: Receiving): Promise<number> {
  const { stdout, stderr } = streams;
  const receiving = createReceiveWindow((bytes) => send({ taken: bytes }));
  return new Promise((resolve, reject) => {
    const onClose = () =>
      reject(
        new CliFailure('RuntimeUnavailable', 'the terminal ended without its exit code: the connection to the gateway was lost'),
      );
    const onMessage = (message: ShellServerMessage) => {
      if ('taken' in message) return taken(message.taken);
      if ('error' in message) return reject(new CliFailure(message.error.type, message.error.message));
      // The gateway closes the connection now; what was received is still written, in its order.
      socket.off('close', onClose);
      stdout.write('', () => stderr.write('', () => resolve(message.exit)));
    };
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return onMessage(JSON.parse(data.toString('utf8')) as ShellServerMessage);
      receiving.take(data.subarray(1), data[0] === SHELL_CHANNEL.stderr ? stderr : stdout);
    });
    socket.once('close', onClose);
  });
}

/** Passes on keys, their signals, and the size. Returns a function that ends it. */
function connectInput(
  { stdin, terminal, onKeySignal }: ShellStreams,
  to: { send(message: ShellClientMessage): void; input: NodeJS.WritableStream },
): () => void {
  const { send, input } = to;
  const write = (data: Buffer) => {
    if (!input.write(data)) stdin.pause();
  };
  const goOn = () => stdin.resume();
  const end = () => {
    input.end();
    finished(input).then(
      () => send({ end: true }),
      () => undefined,
    );
  };
  input.on('drain', goOn);
  stdin.on('data', write);
  // The end of a terminal's input is no end of the command's.
  if (terminal === null) stdin.once('end', end);
  const stops = [
    terminal?.onResize(() => send({ resize: terminal.size() })),
    terminal === null ? onKeySignal((signal) => send({ signal })) : undefined,
  ];
  terminal?.setRawMode(true);
  return () => {
    terminal?.setRawMode(false);
    for (const stop of stops) stop?.();
    input.off('drain', goOn);
    stdin.off('data', write);
    stdin.off('end', end);
    stdin.pause();
  };
}

function endWhenSilent(socket: WebSocket): () => void {
  const timer = setTimeout(() => socket.terminate(), SILENCE_MS);
  const hear = () => void timer.refresh();
  socket.on('ping', hear);
  socket.on('message', hear);
  return () => clearTimeout(timer);
}
