/** `perennial shell` and `logs` of somebody who has the gateway's URL and a token, and neither Temporal's address nor the runtime. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type IPty, spawn as openTerminal } from '@lydell/node-pty';
import { gatewayEvents } from '../../src/client/gateway/events';
import { createGatewayHttp } from '../../src/client/gateway/http';
import type { StepView } from '../../src/contract/payloads';
import { quote } from '../../src/hooks/shell/quote';
import { findTraces } from '../support/runtimes/sandbox-env';
import {
  endAllStarts,
  launchStart,
  readProcesses,
  readStack,
  START_LIMIT_MS,
  type StartProcess,
} from '../support/start/start-process';
import { until } from '../support/until';

const root = path.join(__dirname, '..', '..');
const program = path.join(root, 'bin', 'perennial.mjs');
const SLOW_HOOK = `#!/bin/sh
i=0
until [ -e "$HOME/go-on" ]; do i=$((i + 1)); echo "line $i"; sleep 0.05; done
rm "$HOME/go-on"
printf "the last has no line break"
`;

const DONE = ['admit', 'prepare-home', 'start-pod', 'inject-secrets', 'configure'];

let folder = '';
let dir = '';
let start: StartProcess;
let env: NodeJS.ProcessEnv;
const terminals: IPty[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-streams-'));
  // Homes are entered by the images' own users.
  chmodSync(folder, 0o755);
  dir = path.join(folder, 'stack');
  const image = path.join(folder, 'images', 'slow', '1');
  cpSync(path.join(root, 'images', 'starter', '1'), image, { recursive: true });
  writeFileSync(path.join(image, 'rootfs', 'coder', 'configure'), SLOW_HOOK, { mode: 0o755 });
  const args = ['--dir', dir, '--images', path.join(folder, 'images'), '--no-first'];
  start = launchStart({ script: path.join(root, 'scripts', 'start.mjs'), args });
  await start.untilSaid(/^ready /m);
  const onMachine = (...words: string[]) =>
    spawnSync(process.execPath, [program, '--dir', dir, ...words], { encoding: 'utf8' }).stdout.trim();
  onMachine('create', 'ada/dev', '--image', 'slow:1', '--no-wait');
  const token = onMachine('token', 'create', '--owner', 'ada').split('\n').at(-1) ?? '';
  const elsewhere = { PERENNIAL_DIR: path.join(folder, 'nothing'), TEMPORAL_ADDRESS: '127.0.0.1:1' };
  env = { ...process.env, ...elsewhere, PERENNIAL_URL: readStack(dir).gateway, PERENNIAL_TOKEN: token };
}, START_LIMIT_MS);

afterAll(async () => {
  for (const terminal of terminals) terminal.kill('SIGKILL');
  await endAllStarts();
  rmSync(folder, { recursive: true, force: true });
}, START_LIMIT_MS);

const perennial = (...words: string[]) => spawn(process.execPath, [program, ...words], { env, stdio: ['pipe', 'pipe', 'pipe'] });
const inside = async (...command: string[]): Promise<number | null> => {
  const child = perennial('shell', 'ada/dev', '--', ...command);
  child.stdin.end();
  child.stdout.resume();
  return (await once(child, 'exit'))[0];
};
/** Seen from outside: to ask inside takes a process of the command for each poll. */
const isRunning = (line: string) => findTraces(path.join(dir, 'homes')).some((trace) => trace.endsWith(` (${line} )`));
const kill = (part: 'gateway' | 'worker') => process.kill(readProcesses(dir)[part]?.pid ?? -1, 'SIGKILL');

/** The events of steps, in their order, up to the end of a build. */
async function readSteps(build: number): Promise<StepView[]> {
  const { PERENNIAL_URL: url = '', PERENNIAL_TOKEN: token = '' } = env;
  const http = createGatewayHttp({ url, readToken: async () => token });
  const seen: StepView[] = [];
  for await (const { event, data } of gatewayEvents(http, `/v1/workspaces/ada/dev/builds/${build}/events`))
    if (event === 'step') seen.push(data);
  return seen;
}

/** No event of a step is like the one before it, and no state comes back. */
function expectNoneTwice(events: StepView[]): void {
  for (const step of new Set(events.map(({ name }) => name))) {
    const own = events.filter(({ name }) => name === step);
    for (const [at, event] of own.entries()) expect(event).not.toEqual(own[at - 1]);
    const states = own.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1]);
    expect(states).toEqual([...new Set(states)]);
  }
}

test.each<{ build: number; killed: ('gateway' | 'worker')[] }>([
  { build: 1, killed: ['gateway'] },
  { build: 2, killed: ['worker'] },
  { build: 3, killed: ['worker', 'gateway'] },
])(
  'The events of build $build are followed through kill -9 of $killed, without a line or a step lost or doubled.',
  async ({ build, killed }) => {
    if (build > 1) expect((await once(perennial('rebuild', 'ada/dev', '--no-wait'), 'exit'))[0]).toBe(0);
    const steps = readSteps(build);
    const following = perennial('logs', 'ada/dev', '--follow', '--build', String(build), '--step', 'configure');
    let seen = '';
    following.stdout.on('data', (data: Buffer) => {
      seen += data;
    });
    const ended = once(following, 'close');
    await until('some lines are seen', () => seen.includes('line 20\n'));
    for (const part of killed) kill(part);
    const before = seen.split('\n').length;
    await until('more lines are seen', () => seen.split('\n').length > before + 20);
    const [home = ''] = readdirSync(path.join(dir, 'homes'));
    writeFileSync(path.join(dir, 'homes', home, 'go-on'), '');
    expect((await ended)[0]).toBe(0);
    const count = seen.match(/^line \d/gm)?.length ?? 0;
    const lines = Array.from({ length: count }, (_, at) => `line ${at + 1}\n`).join('');
    expect(seen).toBe(`${lines}the last has no line break`);
    expect(await text(perennial('logs', 'ada/dev', '--step', 'configure').stdout)).toBe(seen);
    expectNoneTwice(await steps);
    expect((await steps).filter(({ state }) => state === 'done').map(({ name }) => name)).toEqual(DONE);
  },
  START_LIMIT_MS,
);

test(
  'A terminal has the size of the person’s own, follows it, passes on keys, and ends with the shell’s exit code.',
  async () => {
    await until('it runs', async () => (await inside('true')) === 0);
    const terminal = open('shell', 'ada/dev');
    terminal.type('echo "size: $(stty size) $TERM"\r');
    await terminal.untilSeen('size: 33 44 xterm-test');
    terminal.pty.resize(60, 50);
    terminal.type('until [ "$(stty size)" = "50 60" ]; do sleep 0.1; done; echo "it was re""sized"\r');
    await terminal.untilSeen('it was resized');
    terminal.type('echo "it is wait""ing"; sleep 4545\r');
    await terminal.untilSeen('it is waiting');
    terminal.type('\x03');
    terminal.type('exit 5\r');
    expect(await terminal.exitCode).toBe(5);
  },
  START_LIMIT_MS,
);

test(
  'A command has the pipes of the caller: input, output, both outputs apart, and the end of a closed pipe.',
  async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 256));
    const child = perennial('shell', 'ada/dev', '--', 'sh', '-c', 'sha256sum; echo fault >&2; exit 7');
    const [output, fault, ended] = [text(child.stdout), text(child.stderr), once(child, 'exit')];
    child.stdin.end(bytes);
    const expected = spawnSync('sha256sum', { input: bytes, encoding: 'utf8' }).stdout;
    expect([await output, await fault, (await ended)[0]]).toEqual([expected, 'fault\n', 7]);
    const line = `set -o pipefail; ${[process.execPath, program].map(quote).join(' ')} shell ada/dev -- yes </dev/null | head -n 1`;
    const piped = spawnSync('bash', ['-c', line], { env, encoding: 'utf8' });
    expect([piped.stdout, piped.status]).toEqual(['y\n', 141]);
    await until('the program has ended', () => !isRunning('yes'));
  },
  START_LIMIT_MS,
);

test(
  'A caller that is killed or stopped, and a gateway that is killed, hang up what they ran.',
  async () => {
    const killed = open('shell', 'ada/dev', '--', 'sleep', '6161');
    const stopped = open('shell', 'ada/dev', '--', 'sleep', '6262');
    await until('both run', () => isRunning('sleep 6161') && isRunning('sleep 6262'));
    killed.pty.kill('SIGKILL');
    stopped.pty.kill('SIGSTOP');
    const stoppedAt = Date.now();
    await until('the first has ended', () => !isRunning('sleep 6161'));
    await until('the second has ended', () => !isRunning('sleep 6262'));
    expect(Date.now() - stoppedAt).toBeLessThan(60_000);
    const other = open('shell', 'ada/dev', '--', 'sleep', '6363');
    await until('it runs', () => isRunning('sleep 6363'));
    kill('gateway');
    expect(await other.exitCode).toBe(1);
    await other.untilSeen('the connection to the gateway was lost');
    await until('it has ended', async () => (await inside('true')) === 0 && !isRunning('sleep 6363'));
  },
  START_LIMIT_MS,
);

/** Runs the command in a terminal of 33 rows. */
function open(...words: string[]) {
  const options = { cols: 44, rows: 33, env: { ...env } as Record<string, string>, name: 'xterm-test' };
  const pty = openTerminal(process.execPath, [program, ...words], options);
  terminals.push(pty);
  let screen = '';
  pty.onData((data) => {
    screen += data;
  });
  return {
    pty,
    type: (keys: string) => pty.write(keys),
    untilSeen: (sentence: string) =>
      until(
        () => `${sentence} is seen, and this was seen: ${screen}`,
        () => screen.replaceAll('\r\n', '').includes(sentence) || screen.includes(sentence),
      ),
    exitCode: new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode))),
  };
}
