import type { ExecServer } from './exec-server';

/** Expects that work on a command which never ends fails as RuntimeUnavailable after exactly `seconds`, and closes its connection. */
export async function expectTimeLimit(server: ExecServer, seconds: number, work: () => Promise<unknown>): Promise<void> {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  try {
    const begun = new Promise<{ closed: Promise<unknown> }>((resolve) =>
      server.onCommand(({ line }) => resolve({ closed: new Promise((close) => line.once('close', close)) })),
    );
    let end = 'none';
    const ended = work().catch((error: { type: string }) => {
      end = error.type;
    });
    const { closed } = await begun;
    await jest.advanceTimersByTimeAsync((seconds - 1) * 1_000);
    expect(end).toBe('none');
    await jest.advanceTimersByTimeAsync(1_000);
    await ended;
    expect(end).toBe('RuntimeUnavailable');
    await closed;
  } finally {
    jest.useRealTimers();
  }
}
