/** With a proxy in the environment that takes no connections: nothing on this machine may go through it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { endAllStarts, launchStart, readStack } from '../support/start/start-process';

const ROOT = path.join(__dirname, '..', '..');
const PROGRAM = path.join(ROOT, 'bin', 'perennial.mjs');
/** Nothing answers on port 9. */
const DEAD = 'http://127.0.0.1:9';
const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy'].flatMap((name) => [name, name.toUpperCase()]);
const EVERY = Object.fromEntries(NAMES.map((name) => [name, DEAD]));
const NONE = { ...Object.fromEntries(NAMES.map((name) => [name, ''])), no_proxy: '', NO_PROXY: '', no_grpc_proxy: '' };
const LIMIT_MS = 180_000;

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'perennial-proxy-'));
  const script = path.join(ROOT, 'scripts', 'start.mjs');
  const started = launchStart({ script, args: ['--dir', dir, '--no-first'], env: { ...NONE, ...EVERY } });
  await started.untilSaid(/^ready /m);
}, LIMIT_MS);
afterAll(async () => {
  await endAllStarts();
  rmSync(dir, { recursive: true, force: true });
}, LIMIT_MS);

function perennial(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...NONE, ...env }, cwd: os.tmpdir() };
    const child = execFile(process.execPath, [PROGRAM, ...args], options, (_error, out, error) =>
      resolve({ code: child.exitCode ?? -1, said: out + error }),
    );
  });
}

test.each(NAMES.map((name) => [name]))(
  'With %s set, the start, its worker, and the command reach the server.',
  async (name) => {
    const { code, said } = await perennial(['list', '--dir', dir], { [name]: DEAD });
    expect({ code, said }).toEqual({ code: 0, said: expect.not.stringContaining('Unavailable') });
  },
  LIMIT_MS,
);

test(
  'The worker and its children work behind every proxy at once: a workspace is created and answers.',
  async () => {
    const { code, said } = await perennial(['create', 'ada/dev', '--image', 'nothing:1', '--dir', dir], EVERY);
    // Refused by the runtime, so all of server, worker, and sandbox were reached.
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('ImageNotFound') });
  },
  LIMIT_MS,
);

test(
  'An address that is not this machine’s goes through the proxy, unless `no_proxy` of any case and spacing names it.',
  async () => {
    const { server, address, host } = await listenOutside(readStack(dir).temporal.address);
    try {
      const list = (env: NodeJS.ProcessEnv) => perennial(['list', '--address', address], { https_proxy: DEAD, ...env });
      expect(await list({})).toEqual({ code: 1, said: expect.stringContaining(`no Temporal server answers at ${address}`) });
      for (const env of [{ no_proxy: host }, { NO_PROXY: `example.org, ${host}` }, { no_proxy: '*' }, { no_grpc_proxy: host }])
        expect(await list(env)).toMatchObject({ code: 0 });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  },
  LIMIT_MS,
);

/** A way to the server by an address of this machine that is not loopback. */
async function listenOutside(target: string): Promise<{ server: Server; address: string; host: string }> {
  const found = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []);
  const host = found.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  if (host === undefined) throw new Error('expected an address of this machine that is not loopback, found none');
  const [targetHost, targetPort] = target.split(':');
  const server = createServer((socket) => {
    const onward = connect({ host: targetHost, port: Number(targetPort) });
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, host, address: `${host}:${(server.address() as AddressInfo).port}` };
}
