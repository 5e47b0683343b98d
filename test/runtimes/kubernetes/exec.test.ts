import { exec, openSession } from '../../../src/runtimes/kubernetes/exec';
import { CHANNEL } from '../../../src/runtimes/kubernetes/exec-channel/channels';
import { contextOf, type ExecServer, startExecServer } from '../../support/kubernetes/exec-server';
import { expectFailure, patiently } from '../../support/runtimes/contract-harness';

const REF = { id: 'w1', organization: 'default', build: 3 };

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => server.end());

describe('A command', () => {
  const commands = [{ argv: ['sh', '-s'], stdin: 'echo it ran' }, { argv: ['echo', 'it ran'] }];

  test.each(commands)('such as %j runs in the pod of its build.', async (command) => {
    server.onCommand(({ start, say }) => {
      const child = start();
      child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
      child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
    });
    expect(await exec(contextOf(server), REF, command, patiently().signal)).toEqual({
      exitCode: 0,
      stdout: 'it ran\n',
      stderr: '',
    });
  });

  test.each(commands)(
    'such as %j does nothing where the next build’s pod got the name while the connection was opened.',
    async (command) => {
      let build = 3;
      const received: Buffer[] = [];
      const closed = new Promise((resolve) =>
        server.onCommand(({ line }) => {
          build = 4;
          line.on('message', (message: Buffer) => received.push(message));
          line.once('close', resolve);
        }),
      );
      const cluster = contextOf(server, { build: () => build, seen: 3 });
      await expectFailure(exec(cluster, REF, command, patiently().signal), 'PodLost');
      await closed;
      expect(received).toEqual([]);
    },
  );
});

test('A command that floods its connection is cut off, and its connection is closed.', async () => {
  const closed = new Promise((resolve) =>
    server.onCommand(({ line, say }) => {
      const piece = Buffer.alloc(1024 * 1024);
      const flood = setInterval(() => line.bufferedAmount < piece.length && say(CHANNEL.stdout, piece), 1);
      line.once('close', () => {
        clearInterval(flood);
        resolve(null);
      });
    }),
  );
  const { message } = await expectFailure(
    exec(contextOf(server), REF, { argv: ['yes'] }, patiently().signal),
    'RuntimeUnavailable',
  );
  expect(message).toContain('its output was more than 64 MiB');
  await closed;
});

describe('The check of the pod before a command', () => {
  beforeEach(() => server.onCommand(({ reply }) => reply('it ran\n')));
  const run = async ({ seen }: { seen: number | null }) => {
    const onRead = jest.fn();
    await exec(contextOf(server, { seen, onRead }), REF, { argv: ['true'] }, patiently().signal);
    return onRead.mock.calls.length;
  };

  test('is left out where the informer saw it running; the check at the open connection never is.', async () => {
    expect(await run({ seen: 3 })).toBe(1);
  });

  test.each([null, 2])('is made where the informer saw build %p.', async (seen) => {
    expect(await run({ seen })).toBe(2);
  });
});

describe('A session', () => {
  beforeEach(() =>
    server.onCommand(({ start, say, line }) => {
      const child = start();
      child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
      child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
      line.once('close', () => child.kill('SIGKILL'));
    }),
  );
  const { signal } = patiently();

  test('checks its pod once the connection is open, and never again, as it stays with that pod.', async () => {
    const onRead = jest.fn();
    const session = await openSession(contextOf(server, { seen: 3, onRead }), REF, signal);
    for (const word of ['one', 'two']) {
      expect(await session.exec({ argv: ['echo', word] }, signal)).toMatchObject({ exitCode: 0, stdout: `${word}\n` });
    }
    session.close();
    expect(onRead).toHaveBeenCalledTimes(1);
  });

  test('is refused where the next build’s pod got the name while the connection was opened.', async () => {
    await expectFailure(openSession(contextOf(server, { build: () => 4, seen: 3 }), REF, signal), 'PodLost');
  });

  test('whose connection was lost with its pod is PodLost.', async () => {
    let build = 3;
    server.onCommand(({ line }) =>
      line.on('message', () => {
        build = 4;
        line.terminate();
      }),
    );
    const session = await openSession(contextOf(server, { build: () => build, seen: 3 }), REF, signal);
    await expectFailure(session.exec({ argv: ['true'] }, signal), 'PodLost');
  });
});
