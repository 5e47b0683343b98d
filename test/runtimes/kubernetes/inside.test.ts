import type { Ground } from '../../../src/runtimes/kubernetes/ground';
import { lastTerminalInput, readLog } from '../../../src/runtimes/kubernetes/inside';
import { type ExecServer, startExecServer } from './exec-server';
import { podOf, RUNNING } from './pod-objects';

const REF = { id: 'w1', organization: 'default', build: 3 };
const LOG = { ...REF, step: 'configure', offset: 0 };

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => {
  jest.useRealTimers();
  server.end();
});

/** A cluster in which build 3 of `w1` runs, and commands come to the server. */
function cluster(): Ground {
  const api = { pods: { read: async () => podOf({ status: RUNNING }) }, socket: server.place.socket };
  return { api, namespaceOf: (organization: string) => `perennial-${organization}` } as unknown as Ground;
}

describe('The last look', () => {
  /** Answers with the time of the pod and the times of its terminals. */
  const tell = (...lines: number[]) => server.onCommand(({ reply }) => reply(`${lines.join('\n')}\n`));

  test.each([
    ['is that of input long ago', [8_000, 7_001, 800], 8_000 - 7_008],
    ['is that of input a moment ago', [8_007, 8_000], 0],
    ['may be as new as the kernel’s next note', [8_010, 8_000], 2],
  ])('%s, by the clock of the pod, and never too early.', async (_, lines, secondsAgo) => {
    tell(...lines);
    const before = Date.now();
    const lastInputAt = (await lastTerminalInput(cluster(), REF)) ?? 0;
    expect(lastInputAt).toBeGreaterThanOrEqual(before - secondsAgo * 1_000);
    expect(lastInputAt).toBeLessThanOrEqual(Date.now() - secondsAgo * 1_000);
  });

  test('finds none where there is no terminal.', async () => {
    tell(8_000);
    expect(await lastTerminalInput(cluster(), REF)).toBeNull();
  });
});

describe('Where the home hangs, so that commands begin and never end,', () => {
  test.each([
    ['the last look', 10, () => lastTerminalInput(cluster(), REF)],
    ['the reading of a log', 30, () => readLog(cluster(), LOG)],
  ])('%s ends after %d s as RuntimeUnavailable, and closes its line.', async (_, seconds, work) => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
    const begun = new Promise<{ closed: Promise<unknown> }>((resolve) =>
      server.onCommand(({ line }) => resolve({ closed: new Promise((close) => line.once('close', close)) })),
    );
    let end = 'none';
    const asked = work().catch((error: { type: string }) => {
      end = error.type;
    });
    const { closed } = await begun;
    await jest.advanceTimersByTimeAsync((seconds - 1) * 1_000);
    expect(end).toBe('none');
    await jest.advanceTimersByTimeAsync(1_000);
    await asked;
    expect(end).toBe('RuntimeUnavailable');
    await closed;
  });
});
