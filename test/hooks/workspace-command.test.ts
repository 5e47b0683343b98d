/** The command in a workspace: in every shell and with every client, against a server of HTTP. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readScript } from '../../src/hooks/shell/read-script';
import { findProgram, SHELLS } from '../support/hook-env';

const SCRIPT = readScript(path.join(__dirname, '../../src/hooks/scripts'), 'workspace-command.sh');
const CLIENTS = ['curl', 'wget', 'nc'].filter((name) => findProgram(name === 'nc' ? 'busybox' : name) !== null);
const BOTH = SHELLS.flatMap((shell) => CLIENTS.map((client) => [shell, client] as const));
const claims = Buffer.from(JSON.stringify({ iss: 'perennial', sub: 'workspace/ada/my-dev', build: 3 })).toString('base64url');
const TOKEN = `eyJhbGciOiJFZERTQSJ9.${claims}.c2lnbmF0dXJl`;

interface Call {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  accept: string | undefined;
  body: string;
  /** Whether the arguments of any process had the token meanwhile. */
  isShown: boolean;
}
type Answer = [status: number, body: unknown];

let root: string;
let server: Server;
let calls: Call[];
let answers: Answer[];
let whileAsked: () => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      const { authorization, accept } = headers;
      whileAsked();
      calls.push({ method, url, authorization, accept, body: Buffer.concat(parts).toString(), isShown: isInArguments(TOKEN) });
      const [status, body] = answers.length > 1 ? (answers.shift() as Answer) : (answers[0] ?? [500, '']);
      response.writeHead(status, { 'content-type': 'text/plain', ...(status === 401 && { 'www-authenticate': 'Bearer' }) });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'workspace-command-'));
  writeFileSync(path.join(root, 'token'), `${TOKEN}\n`);
  calls = [];
  whileAsked = () => undefined;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function isInArguments(text: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

function prepare(shell: string, client: string | null): { bin: string; sh: string[] } {
  const bin = path.join(root, 'bin');
  mkdirSync(bin);
  for (const tool of ['cat', 'rm', 'sleep', 'tr', 'wc']) symlinkSync(findProgram(tool) ?? tool, path.join(bin, tool));
  if (client !== null) symlinkSync(findProgram(client === 'nc' ? 'busybox' : client) ?? client, path.join(bin, client));
  writeFileSync(path.join(bin, 'perennial'), `${SCRIPT}\n`);
  const program = findProgram(shell) ?? shell;
  return { bin, sh: shell === 'busybox' ? [program, 'sh'] : [program] };
}

async function run(shell: string, client: string | null, args: string[], env: Record<string, string> = {}) {
  const { bin, sh } = prepare(shell, client);
  const [program = '', ...first] = sh;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(program, [...first, path.join(bin, 'perennial'), ...args], {
    env: {
      PATH: bin,
      HOME: root,
      http_proxy: 'http://127.0.0.1:1',
      PERENNIAL_URL: url,
      PERENNIAL_TOKEN_FILE: path.join(root, 'token'),
      ...env,
    },
  });
  child.stdin.end();
  const printed = { out: '', error: '' };
  child.stdout.on('data', (part: Buffer) => (printed.out += part));
  child.stderr.on('data', (part: Buffer) => (printed.error += part));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...printed };
}

describe.each(BOTH)('In %s with %s', (shell, client) => {
  const perennial = (...args: string[]) => run(shell, client, args);

  test('status and explain print the page of the gateway, and the token is in no argument.', async () => {
    answers = [[200, 'ada/my-dev is running\n  why  “because”\n\n  end\n']];
    expect(await perennial('status')).toEqual({ code: 0, out: answers[0]?.[1], error: '' });
    rmSync(path.join(root, 'bin'), { recursive: true });
    expect((await perennial('explain')).code).toBe(0);
    const common = { method: 'GET', authorization: `Bearer ${TOKEN}`, accept: 'text/plain', body: '', isShown: false };
    expect(calls).toEqual([
      { ...common, url: '/v1/workspaces/ada/my-dev' },
      { ...common, url: '/v1/workspaces/ada/my-dev/explain' },
    ]);
    expect(readdirSync(root).sort()).toEqual(['bin', 'token']);
  });

  test('A set that is replaced during the request leaves nothing of the client in the old or the new one.', async () => {
    for (const folder of ['settings', 'gen.1', 'gen.2']) mkdirSync(path.join(root, folder));
    for (const folder of ['gen.1', 'gen.2']) writeFileSync(path.join(root, folder, 'token'), `${TOKEN}\n`);
    symlinkSync('gen.1', path.join(root, 'current'));
    answers = [[200, 'ada/my-dev is running\n']];
    whileAsked = () => {
      rmSync(path.join(root, 'current'));
      symlinkSync('gen.2', path.join(root, 'current'));
    };
    const { code } = await run(shell, client, ['status'], { PERENNIAL_TOKEN_FILE: path.join(root, 'current/token') });
    expect(code).toBe(0);
    expect(['settings', 'gen.1', 'gen.2'].flatMap((folder) => readdirSync(path.join(root, folder)))).toEqual(['token', 'token']);
  });

  test('With --json the answer itself is printed.', async () => {
    answers = [[200, { state: 'running', why: 'a "b"' }]];
    expect(await perennial('--json', 'status')).toEqual({ code: 0, out: '{"state":"running","why":"a \\"b\\""}\n', error: '' });
    expect(calls[0]?.accept).toBe('application/json');
  });

  test('A stop sends its reason whatever is in it, and says what came of it.', async () => {
    answers = [[200, { outcome: 'merged', state: 'turning-off', build: null }]];
    const reason = 'it\'s "done" \\ für heute\n\tja $HOME `x` %s @file';
    const text = 'ada/my-dev: the stop was merged with what is under way; it is turning-off\n';
    expect(await perennial('stop', '--reason', reason)).toEqual({ code: 0, out: text, error: '' });
    const [call] = calls;
    expect([call?.method, call?.url, JSON.parse(call?.body ?? '')]).toEqual([
      'POST',
      '/v1/workspaces/ada/my-dev/stop',
      { reason },
    ]);
  });

  test('A ping needs no answer, and a rebuild prints the same JSON as outside.', async () => {
    answers = [[202, { outcome: 'held' }]];
    expect(await perennial('ping', '--via=ssh')).toEqual({ code: 0, out: 'ada/my-dev: pinged\n', error: '' });
    rmSync(path.join(root, 'bin'), { recursive: true });
    answers = [[200, { outcome: 'accepted', state: 'building', build: 4 }]];
    const { out } = await perennial('rebuild', '--json');
    expect(JSON.parse(out)).toEqual({ workspace: 'ada/my-dev', outcome: 'accepted', state: 'building', build: 4 });
    expect(calls.map(({ body }) => body)).toEqual(['{"via":"ssh"}', '{}']);
  });

  test('A refusal is one line with its type, and JSON with --json; the exit code is 1.', async () => {
    const error = { type: 'Unauthorized', message: 'the token is of "build 3", which \\ has ended' };
    answers = [[401, { error }]];
    // GNU wget has no text of this answer.
    const message =
      client === 'wget' && shell !== 'busybox' ? expect.stringContaining("refuses the workspace's token") : error.message;
    const failed = await perennial('status');
    expect(failed).toEqual({ code: 1, out: '', error: expect.stringMatching(/^perennial: Unauthorized: .*\n$/) });
    expect(failed.error.slice('perennial: Unauthorized: '.length, -1)).toEqual(message);
    rmSync(path.join(root, 'bin'), { recursive: true });
    const { code, out } = await perennial('stop', '--json');
    expect([code, JSON.parse(out)]).toEqual([1, { error: { type: 'Unauthorized', message } }]);
  });

  test('While the gateway is busy or away the request is repeated.', async () => {
    answers = [
      [503, { error: { type: 'Unavailable', message: 'draining' } }],
      [429, { error: { type: 'TooManyRequests', message: 'later' } }],
      [202, {}],
    ];
    expect((await perennial('ping')).code).toBe(0);
    expect(calls).toHaveLength(3);
  }, 20_000);
});

describe.each(SHELLS)('In %s', (shell) => {
  const client = CLIENTS[0] ?? null;

  test.each([
    [[], 'expected a command: status, explain, ping, stop, or rebuild'],
    [['delete'], "unknown command 'delete'"],
    [['status', '--reason', 'x'], "unknown option '--reason'"],
    [['stop', '--reason'], "option '--reason' argument missing"],
    [['status', 'ada/dev'], "expected no argument after status, which is about this workspace, got 'ada/dev'"],
  ])('Wrong usage as in %j ends with 2.', async (args, message) => {
    expect(await run(shell, client, args)).toEqual({
      code: 2,
      out: '',
      error: `perennial: ${message}\n(--help says how it is used)\n`,
    });
    rmSync(path.join(root, 'bin'), { recursive: true });
    const { code, out } = await run(shell, client, ['--json', ...args]);
    expect([code, JSON.parse(out).error.type]).toEqual([2, 'WrongUsage']);
    expect(calls).toEqual([]);
  });

  test('The help names every command and needs neither gateway nor token.', async () => {
    const { code, out } = await run(shell, null, ['--help'], { PERENNIAL_URL: '', PERENNIAL_TOKEN_FILE: '' });
    expect(code).toBe(0);
    for (const word of ['status', 'explain', 'ping', 'stop', 'rebuild', '--json', 'Exit codes']) expect(out).toContain(word);
  });

  test('What is missing is said: the address, the token, and an answer.', async () => {
    const errorOf = async (env: Record<string, string>) => {
      const { code, error } = await run(shell, client, ['status'], env);
      rmSync(path.join(root, 'bin'), { recursive: true });
      expect(code).toBe(1);
      return error;
    };
    expect(await errorOf({ PERENNIAL_URL: '' })).toMatch(
      /^perennial: Unavailable: expected the gateway's address in PERENNIAL_URL/,
    );
    expect(await errorOf({ PERENNIAL_TOKEN_FILE: '/none' })).toMatch(/expected the workspace's token in \/none .*, got none$/m);
    expect(await errorOf({ PERENNIAL_URL: 'ftp://x' })).toMatch(/expected PERENNIAL_URL to begin with http/);
    expect(await errorOf({ PERENNIAL_URL: 'http://127.0.0.1:1' })).toMatch(
      /the gateway at http:\/\/127.0.0.1:1 does not answer: /,
    );
    answers = [[502, '<html>bad gateway</html>']];
    expect(await errorOf({})).toMatch(/answered with the HTTP status 502/);
    writeFileSync(path.join(root, 'token'), 'a"b\n');
    expect(await errorOf({})).toMatch(/expected the workspace's token in .*, got something else/);
  });
});

test('Without a client that keeps the token out of its arguments, the command says which ones do.', async () => {
  const shell = SHELLS.find((name) => name !== 'busybox') ?? 'dash';
  const { code, error } = await run(shell, null, ['status']);
  expect({ code, error }).toEqual({
    code: 1,
    error: expect.stringContaining('expected curl, GNU wget, or nc in this workspace'),
  });
});
