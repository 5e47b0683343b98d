import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type WebSocket from 'ws';
import { WebSocketServer } from 'ws';
import { type ClusterApi, connectCluster } from '../../../../src/runtimes/kubernetes/api/cluster-api';
import { type ApiServer, failureIn, startApiServer, TOKEN } from '../../../support/kubernetes/api-server';

const PATH = '/api/v1/namespaces/perennial-default/pods/ws-w1/exec?command=true';
const V4 = 'v4.channel.k8s.io';

describe('A socket to a path of the API server', () => {
  let server: ApiServer;
  let api: ClusterApi;
  const opened: WebSocket[] = [];

  beforeEach(async () => {
    server = await startApiServer();
    api = connectCluster({ kubeconfig: server.kubeconfig });
  });
  afterEach(async () => {
    for (const socket of opened.splice(0)) socket.terminate();
    api.close();
    await server.end();
  });

  const open = async () => {
    const socket = await api.socket(PATH, [V4]);
    opened.push(socket);
    return socket;
  };

  it('is opened with the credentials of the kubeconfig, without compression, and counted.', async () => {
    let asked: IncomingMessage | undefined;
    const sockets = new WebSocketServer({ noServer: true });
    server.upgrade((request, socket, head) => {
      asked = request;
      sockets.handleUpgrade(request, socket, head, (one) => one.on('message', (said) => one.send(`${said}!`)));
    });
    const socket = await open();
    expect(socket.protocol).toBe(V4);
    expect(asked?.url).toBe(PATH);
    expect(asked?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'sec-websocket-protocol': V4 });
    expect(asked?.headers['sec-websocket-extensions']).toBeUndefined();
    socket.send('hello');
    expect(await nextMessage(socket)).toBe('hello!');
    expect(api.calls.get('SOCKET pods/exec')).toBe(1);
  });

  it('loses no word that comes together with the answer.', async () => {
    server.upgrade((request, socket) => {
      const said = Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('early')]);
      socket.write(Buffer.concat([Buffer.from(acceptance(request)), said]));
    });
    const socket = await open();
    await Promise.resolve();
    expect(await nextMessage(socket)).toBe('early');
  });

  it('is refused with the words of Kubernetes.', async () => {
    server.upgrade((_request, socket) =>
      refuse(socket, 403, JSON.stringify({ kind: 'Status', message: 'pods/exec is forbidden', reason: 'Forbidden' })),
    );
    expect(await failureIn(open())).toMatchObject({ status: 403, reason: 'Forbidden', message: 'pods/exec is forbidden' });
  });

  it('is refused with the status alone when a proxy says something else, however much.', async () => {
    server.upgrade((_request, socket) => refuse(socket, 502, '<html>'.repeat(50_000)));
    expect(await failureIn(open())).toMatchObject({ status: 502, reason: '', message: 'the API server answered 502' });
  });

  it('is refused in time when no answer comes, or the connection is lost.', async () => {
    server.upgrade(() => undefined);
    const hasty = connectCluster({ kubeconfig: server.kubeconfig, timeoutMs: 300 });
    expect(await failureIn(hasty.socket(PATH, [V4]))).toMatchObject({
      status: null,
      message: `the API server at ${server.name} did not answer within 0.3 s`,
    });
    server.upgrade((_request, socket) => socket.destroy());
    expect(await failureIn(open())).toMatchObject({
      status: null,
      message: `the API server at ${server.name} broke the connection off`,
    });
  });

  it('is refused when the server does not speak any of the protocols.', async () => {
    server.upgrade((request, socket) => socket.write(acceptance(request, 'v1.other')));
    expect(await failureIn(open())).toMatchObject({ status: null });
  });

  it('just closes when it is lost later, and when what comes is no message.', async () => {
    const answers = [(socket: Duplex) => socket.destroy(), (socket: Duplex) => socket.write(Buffer.from([0xff, 0xff, 0xff]))];
    for (const answer of answers) {
      server.upgrade((request, socket) => {
        socket.write(acceptance(request));
        socket.on('data', () => answer(socket));
      });
      const socket = await open();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.send('go on');
      expect(await closed).toBe(1006);
    }
  });
});

function acceptance({ headers }: IncomingMessage, protocol = V4): string {
  const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const lines = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
  ];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function refuse(socket: Duplex, status: number, body: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('message', (said) => resolve(String(said))));
}
