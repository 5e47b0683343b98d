import { lastTerminalInput } from '../../../src/runtimes/kubernetes/last-terminal-input';
import { contextOf, type ExecServer, startExecServer } from '../../support/kubernetes/exec-server';
import { expectTimeLimit } from '../../support/kubernetes/hanging-home';

const REF = { id: 'w1', organization: 'default', build: 3 };

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => server.end());

describe('The time of the last input to a terminal', () => {
  /** The pod answers with its time and the times of its terminals. */
  const answer = (...lines: number[]) => server.onCommand(({ reply }) => reply(`${lines.join('\n')}\n`));

  test.each([
    ['is that of input long ago', [8_000, 7_001, 800], 8_000 - 7_008],
    ['is that of input a moment ago', [8_007, 8_000], 0],
    ['may be as new as the kernel’s next update', [8_010, 8_000], 2],
  ])('%s, by the clock of the pod, and never too early.', async (_, lines, secondsAgo) => {
    answer(...lines);
    const before = Date.now();
    const lastInputAt = (await lastTerminalInput(contextOf(server), REF)) ?? 0;
    expect(lastInputAt).toBeGreaterThanOrEqual(before - secondsAgo * 1_000);
    expect(lastInputAt).toBeLessThanOrEqual(Date.now() - secondsAgo * 1_000);
  });

  test('is null where there is no terminal.', async () => {
    answer(8_000);
    expect(await lastTerminalInput(contextOf(server), REF)).toBeNull();
  });

  test('is unknown after 10 s where the home hangs, so that the command never ends.', () =>
    expectTimeLimit(server, 10, () => lastTerminalInput(contextOf(server), REF)));
});
