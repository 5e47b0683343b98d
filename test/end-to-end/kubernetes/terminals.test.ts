import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import { warnTerminalsCommand } from '../../../src/hooks/shell/warn-terminals';
import { runShell } from '../../../src/runtimes/kubernetes/exec-channel/run-shell';
import { podName } from '../../../src/runtimes/kubernetes/object-names';
import { MAIN_CONTAINER } from '../../../src/runtimes/kubernetes/pod/container-status';
import { KUBECONFIG, openTestCluster } from '../../support/kubernetes/cluster-env';
import { ID, patiently, useRuntimeEnv } from '../../support/runtimes/contract-harness';
import { testStreams } from '../../support/runtimes/shell-streams';
import { until } from '../../support/until';

const REF = { id: ID, organization: 'default', build: 1 };
const cluster = openTestCluster();
afterAll(() => cluster.end());

/** As `kubectl exec --stdin --tty` does. */
async function openTerminal(): Promise<{ type(text: string): void; output(): string; close(): void }> {
  const config = new KubeConfig();
  config.loadFromFile(KUBECONFIG);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  const at = [cluster.namespace, podName(ID), MAIN_CONTAINER] as const;
  const socket = await new Exec(config).exec(...at, ['sh'], output, output, input, true);
  return { type: (text) => input.write(text), output: () => shown, close: () => socket.close() };
}

describe('A terminal that was opened with the tools of Kubernetes', () => {
  const given = useRuntimeEnv(() => cluster.openEnv());

  test('counts from its last input on, which is never reported too early.', async () => {
    await given.start(1);
    const terminal = await openTerminal();
    try {
      const typedAt = Date.now();
      terminal.type('echo $((6 * 7))\n');
      await until('the terminal answers', () => terminal.output().includes('42'));
      const reported = await given.env().runtime.lastTerminalInput(REF);
      // The pod's clock counts whole seconds.
      expect(reported).toBeGreaterThan(typedAt - 2_000);
      terminal.type('exit\n');
      const isGone = async () => (await given.env().runtime.lastTerminalInput(REF)) === null;
      await until('a terminal that has ended is gone', isGone);
    } finally {
      terminal.close();
    }
  });

  test('shows the warning of a campaign.', async () => {
    await given.start(1, { env: { CODER_USERNAME: 'ada', CODER_WORKSPACE_NAME: 'dev' } });
    const terminal = await openTerminal();
    try {
      terminal.type('echo $((6 * 7))\n');
      await until('the terminal answers', () => terminal.output().includes('42'));
      const warning = 'Perennial: this workspace is rebuilt at 12:00 UTC by campaign default/patch (root): a patch.';
      const { exitCode } = await given.env().runtime.exec(REF, warnTerminalsCommand(warning), patiently().signal);
      expect(exitCode).toBe(0);
      await until('the warning is seen', () => terminal.output().includes(warning));
    } finally {
      terminal.close();
    }
  });
});

describe('A pipe into a command', () => {
  const given = useRuntimeEnv(() => cluster.openEnv());
  const PIECE = Buffer.alloc(64 * 1024);
  // More than the kernel keeps for all the connections between a caller and a command.
  const TOTAL = 256 * 1024 * 1024;

  test('waits at its source while the command does not read, and arrives completely.', async () => {
    await given.start(1);
    let read = 0;
    const source = Readable.from(
      (function* () {
        for (; read < TOTAL; read += PIECE.length) yield PIECE;
      })(),
    );
    const streams = testStreams();
    source.pipe(streams.stdin);
    const target = { socket: cluster.api.socket, namespace: cluster.namespace, pod: podName(ID), container: MAIN_CONTAINER };
    const command = ['sh', '-c', 'until [ -e /tmp/read ]; do sleep 0.2; done; wc -c'];
    const output = text(streams.stdout);
    const ended = runShell(target, { command, streams, signal: patiently().signal });
    await until('nothing more is read', async () => {
      const before = read;
      await pause(2_000);
      return before > 0 && read === before;
    });
    expect(read).toBeLessThan(TOTAL);
    const go = { argv: ['touch', '/tmp/read'] };
    expect((await given.env().runtime.exec(REF, go, patiently().signal)).exitCode).toBe(0);
    expect(await ended).toBe(0);
    streams.stdout.end();
    expect(Number(await output)).toBe(TOTAL);
  });
});

describe('A shell whose caller is gone', () => {
  const given = useRuntimeEnv(() => cluster.openEnv());

  test.each([
    ['terminal', { columns: 44, rows: 33 }],
    ['pipe', null],
  ])('is hung up on a %s, and what asked for that is spared.', async (_, size) => {
    await given.start(1);
    const { runtime } = given.env();
    const isRunning = async (line: string) => {
      const script = `for each in /proc/[0-9]*/cmdline; do [ "$(tr '\\0' ' ' <"$each")" = "${line} " ] && exit 0; done 2>/dev/null; exit 1`;
      return (await runtime.exec(REF, { argv: ['sh', '-c', script] }, patiently().signal)).exitCode === 0;
    };
    const streams = testStreams(size);
    const command = ['sh', '-c', 'nohup sleep 6161 >/dev/null 2>&1 & sleep 6262; true'];
    const ended = runtime.shell(REF, { command, streams, signal: patiently().signal }).catch(() => null);
    await until('both run', async () => (await isRunning('sleep 6161')) && (await isRunning('sleep 6262')));
    streams.stdin.destroy();
    await ended;
    await until('one has ended', async () => !(await isRunning('sleep 6262')));
    expect(await isRunning('sleep 6161')).toBe(true);
  });
});
