/** Git servers on loopback: a real sshd that accepts one key, and `git http-backend` behind HTTPS with a user name and a password. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { findProgram } from './hook-env';
import { until } from './until';

const SSHD = findProgram('sshd') ?? (existsSync('/usr/sbin/sshd') ? '/usr/sbin/sshd' : null);
const LOOPBACK = '127.0.0.1';
const GIT_ENV = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', HOME: '/nonexistent' };

/** What of these servers this machine lacks; empty when both can run. */
export const MISSING = [
  ...(SSHD === null ? ['sshd is not installed'] : []),
  ...['git', 'openssl', 'ssh-keygen'].filter((name) => findProgram(name) === null).map((name) => `${name} is not installed`),
];

export interface GitServer {
  host: string;
  port: number;
  /** Of the one repository, which holds a file `.vimrc`. */
  uri: string;
  stop(): Promise<void>;
}

/** A bare repository `dots.git` in a folder of its own. */
function makeBareRepository(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'git-server-'));
  chmodSync(root, 0o755);
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { env: GIT_ENV, stdio: 'pipe' });
  git('init', '-q', '-b', 'main', 'work');
  writeFileSync(path.join(root, 'work/.vimrc'), 'set number\n');
  const ada = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  git('-C', 'work', 'add', '-A');
  git('-C', 'work', ...ada, 'commit', '-q', '-m', 'first');
  git('clone', '-q', '--bare', 'work', 'dots.git');
  return root;
}

export interface SshServer extends GitServer {
  /** The server's own line of `known_hosts`. */
  knownHost: string;
  /** Replaces the one accepted key; null: none. */
  accept(publicKey: string | null): void;
}

/** `host`: the address of this machine that clients use. Its user is the one of the tests. */
export async function startSshServer(host = LOOPBACK): Promise<SshServer> {
  if (SSHD === null) throw new Error('expected sshd in the PATH or at /usr/sbin/sshd');
  const root = makeBareRepository();
  const file = (name: string) => path.join(root, name);
  const keygen = ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file('host_key')];
  execFileSync('ssh-keygen', keygen);
  const port = await findFreePort();
  const settings = [
    `Port ${port}`,
    `ListenAddress ${host}`,
    `HostKey ${file('host_key')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    `PidFile ${file('pid')}`,
    'Subsystem sftp internal-sftp',
  ];
  writeFileSync(file('sshd_config'), `${settings.join('\n')}\n`);
  writeFileSync(file('authorized_keys'), '');
  // Where sshd of a root user drops its rights.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn(SSHD, ['-D', '-e', '-f', file('sshd_config')], { stdio: 'ignore' });
  await until(
    () => `sshd answers on port ${port}`,
    () => canConnect(host, port),
  );
  const user = userInfo().username;
  return {
    host,
    port,
    uri: `ssh://${user}@${host}:${port}${root}/dots.git`,
    knownHost: `[${host}]:${port} ${readFileSync(file('host_key.pub'), 'utf8').trim()}`,
    accept: (publicKey) => writeFileSync(file('authorized_keys'), publicKey ?? ''),
    stop: async () => {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
      rmSync(root, { recursive: true });
    },
  };
}

export interface HttpsServer extends GitServer {
  /** The certificate, which is its own authority. */
  certificate: string;
  /** User names and passwords that came, in their order. */
  seen: string[];
}

/** `host`: the address of this machine that clients use. */
export async function startHttpsServer(
  { username, password }: { username: string; password: string },
  host = LOOPBACK,
): Promise<HttpsServer> {
  const root = makeBareRepository();
  const file = (name: string) => path.join(root, name);
  const subject = ['-subj', '/CN=git', '-addext', `subjectAltName=IP:${host}`];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', file('key'), '-out', file('cert')];
  execFileSync('openssl', [...request, ...subject], { stdio: 'pipe' });
  const certificate = readFileSync(file('cert'), 'utf8');
  const seen: string[] = [];
  const server = createServer({ key: readFileSync(file('key')), cert: certificate }, (incoming, response) => {
    const [scheme, encoded = ''] = (incoming.headers.authorization ?? '').split(' ');
    const given = scheme === 'Basic' ? Buffer.from(encoded, 'base64').toString() : '';
    if (given !== '') seen.push(given);
    if (given === `${username}:${password}`) return serveGit(root, { incoming, response });
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `${host}:${port}`,
    port,
    uri: `https://${host}:${port}/dots.git`,
    certificate,
    seen,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      rmSync(root, { recursive: true });
    },
  };
}

/** One request by CGI. */
function serveGit(root: string, { incoming, response }: { incoming: IncomingMessage; response: ServerResponse }): void {
  const { pathname, search } = new URL(incoming.url ?? '/', 'https://127.0.0.1');
  const env = {
    ...GIT_ENV,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: incoming.method,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: incoming.headers['content-type'] ?? '',
    GIT_PROTOCOL: String(incoming.headers['git-protocol'] ?? ''),
    HTTP_CONTENT_ENCODING: incoming.headers['content-encoding'] ?? '',
  };
  const backend = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  incoming.pipe(backend.stdin);
  const parts: Buffer[] = [];
  backend.stdout.on('data', (part: Buffer) => parts.push(part));
  backend.on('close', () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf('\r\n\r\n');
    const headers = answer
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(/: (.*)/s));
    const status = headers.find(([name]) => name === 'Status')?.[1];
    for (const [name = '', value = ''] of headers) if (name !== '' && name !== 'Status') response.setHeader(name, value);
    response.writeHead(Number.parseInt(status ?? '200', 10)).end(answer.subarray(end + 4));
  });
}

async function findFreePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
