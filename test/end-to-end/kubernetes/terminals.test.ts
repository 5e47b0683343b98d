import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Exec, KubeConfig } from '@kubernetes/client-node';
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
      terminal.type('echo $((6 * 7))\n');
      await until('the terminal answers', () => terminal.output().includes('42'));
      const typedAt = Date.now();
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
});

describe('A pipe into a command', () => {
  const given = useRuntimeEnv(() => cluster.openEnv());
  const MIB = 1024 * 1024;
  const PIECES = 2_048;

  test('waits at its source while the command does not read, and arrives completely.', async () => {
    await given.start(1);
    let read = 0;
    const source = Readable.from(
      (function* () {
        for (let at = 0; at < PIECES; at += 1) {
          read += 64 * 1024;
          yield Buffer.alloc(64 * 1024, at);
        }
      })(),
    );
    const streams = testStreams();
    source.pipe(streams.stdin);
    const target = { socket: cluster.api.socket, namespace: cluster.namespace, pod: podName(ID), container: MAIN_CONTAINER };
    const command = ['sh', '-c', 'sleep 4; wc -c'];
    const output = text(streams.stdout);
    const ended = runShell(target, { command, streams, signal: patiently().signal });
    await pause(3_000);
    // What lies in the buffers of the server and the kubelet counts too.
    expect(read).toBeLessThan(64 * MIB);
    expect(await ended).toBe(0);
    streams.stdout.end();
    expect(Number(await output)).toBe(128 * MIB);
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
