import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { WebSocketServer } from 'ws';
import { openShell } from '../../src/cli/gateway/open-shell';
import { RequestFailure } from '../../src/client';
import { gatewayEvents } from '../../src/client/gateway/events';
import { createGatewayHttp, type GatewayHttp } from '../../src/client/gateway/http';
import { SHELL_PROTOCOL } from '../../src/client/shell/protocol';

jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(handler?: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('Events whose connections all end without the end of the build are a failure in the end.', async () => {
  let count = 0;
  const open = async () => {
    count += 1;
    if (count > 100) throw new RequestFailure('NotAllowed', 'too many attempts');
    return new Response(': heartbeat\n\n');
  };
  const events = gatewayEvents({ open } as unknown as GatewayHttp, '/events');
  await expect(events.next()).rejects.toMatchObject({ type: 'Unavailable' });
  expect(count).toBe(21);
});

test('A redirect is not followed, and the failure names where it leads.', async () => {
  const asked: string[] = [];
  const { url } = await listen((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  const http = createGatewayHttp({ url, readToken: async () => 'token' });
  await expect(http.json('GET', '/v1/workspaces')).rejects.toMatchObject({
    type: 'Failed',
    message: expect.stringContaining('a redirect to /elsewhere'),
  });
  expect(asked).toEqual(['/v1/workspaces']);
});

test('An exit code that has arrived counts, however slowly the output is written.', async () => {
  const { server, url } = await listen();
  const sockets = new WebSocketServer({ server, handleProtocols: () => SHELL_PROTOCOL });
  sockets.on('connection', (socket) => {
    socket.once('message', () => {
      socket.send(Buffer.from('\x01output'));
      socket.send(JSON.stringify({ exit: 7 }));
      socket.close();
    });
  });
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      setTimeout(done, 150);
    },
  });
  const streams = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    terminal: null,
    term: 'xterm',
    onKeySignal: () => () => undefined,
  };
  const { signal } = new AbortController();
  const exit = openShell({ url, token: 'token' }, { command: ['true'], streams: streams as never, signal });
  await expect(exit).resolves.toBe(7);
  sockets.close();
});
