import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { ApiFailure } from '../../../src/runtimes/kubernetes/api/api-error';

export const TOKEN = 'token-that-stays-secret';
const TLS = path.join(__dirname, '..', '..', 'fixtures', 'tls');
/** Signed by itself; for 127.0.0.1, until 2120. */
export const CERT = readFileSync(path.join(TLS, 'cert.pem'), 'utf8');
const KEY = readFileSync(path.join(TLS, 'key.pem'), 'utf8');

export interface Asked {
  verb: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A local server whose answers the test sets, and a kubeconfig for it. */
export interface ApiServer {
  name: string;
  folder: string;
  kubeconfig: string;
  asked: Asked[];
  /** Sets the answers to the next requests, in order; the last answers all that follow. */
  answer(...answers: Answer[]): void;
  upgrade(answer: Upgrade): void;
  connections(): number;
  end(): Promise<void>;
}

export async function startApiServer({ protocol = 'https' }: { protocol?: 'http' | 'https' } = {}): Promise<ApiServer> {
  const asked: Asked[] = [];
  let answers: Answer[] = [];
  let upgraded: Upgrade = (_request, socket) => socket.destroy();
  const listener: RequestListener = async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://localhost');
    const body = await textOf(request);
    const one = { verb: request.method ?? '', path: pathname, query: searchParams, headers: request.headers, body };
    asked.push(one);
    (answers.length > 1 ? answers.shift() : answers[0])?.(response, one);
  };
  const server = protocol === 'https' ? https.createServer({ cert: CERT, key: KEY }, listener) : http.createServer(listener);
  let connections = 0;
  const open = new Set<Duplex>();
  server.on(protocol === 'https' ? 'secureConnection' : 'connection', () => {
    connections += 1;
  });
  server.on('connection', (socket: Duplex) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => upgraded(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const name = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'api-test-'));
  return {
    name,
    folder,
    kubeconfig: writeKubeconfig(folder, { server: name }),
    asked,
    answer: (...next) => {
      answers = next;
    },
    upgrade: (handler) => {
      upgraded = handler;
    },
    connections: () => connections,
    async end() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** A kubeconfig with one context, `main`; a setting of undefined leaves out what would be there. */
export function writeKubeconfig(
  folder: string,
  options: { server: string; cluster?: object; user?: object; file?: string },
): string {
  const authority = { 'certificate-authority-data': Buffer.from(CERT).toString('base64') };
  const file = path.join(folder, options.file ?? 'kubeconfig');
  const config = {
    clusters: [{ name: 'test', cluster: { server: options.server, ...authority, ...options.cluster } }],
    users: [{ name: 'tester', user: options.user ?? { token: TOKEN } }],
    contexts: [{ name: 'main', context: { cluster: 'test', user: 'tester' } }],
    'current-context': 'main',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** An answer in JSON. */
export function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return text(status, 'application/json', JSON.stringify(body), headers);
}

/** A refusal of Kubernetes. */
export function refusal(code: number, reason: string, message: string, headers: Record<string, string> = {}): Answer {
  return json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, headers);
}

export function text(status: number, type: string, body: string, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body);
}

/** No answer at all. */
export const hang: Answer = () => undefined;
/** The beginning of an answer, and then nothing. */
export const hangInBody: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"metadata":');
export const reset: Answer = (response) => response.destroy();
/** The beginning of an answer, and then the end of the connection. */
export const breakOff: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"metadata":', () => response.destroy());
};

/** The failure of the API that a promise is rejected with. */
export async function failureIn(promise: Promise<unknown>): Promise<ApiFailure> {
  const error = await promise.then(
    () => new Error('expected a failure of the API, got success'),
    (reason: unknown) => reason,
  );
  if (error instanceof ApiFailure) return error;
  throw error;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
