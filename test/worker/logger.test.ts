import { ASK_AGAIN } from '../../src/contract/messages';
import { createLogger } from '../../src/worker/logger';

function openLog(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level, destination: { write: (line: string) => lines.push(JSON.parse(line)) } });
  return { logger, lines };
}

test('The line of a failed activity has the message, the type, and the stack of what it threw, and of its cause.', () => {
  const { logger, lines } = openLog();
  const error = new TypeError('the volume is full', { cause: new Error('ENOSPC') });
  logger.warn('Activity failed', { error, durationMs: 12 });
  expect(lines).toEqual([
    expect.objectContaining({
      msg: 'Activity failed',
      durationMs: 12,
      error: expect.objectContaining({
        type: 'TypeError',
        message: expect.stringContaining('the volume is full: ENOSPC'),
        stack: expect.stringContaining('logger.test.ts'),
      }),
    }),
  ]);
});

test('A query that its client sends again is logged at the level debug only.', () => {
  const { logger, lines } = openLog();
  logger.warn('Query failed', { failure: `the workspace is between two tasks; ${ASK_AGAIN}` });
  logger.warn('Query failed', { failure: 'another reason' });
  expect(lines).toEqual([expect.objectContaining({ failure: 'another reason' })]);
});

test('A level that pino does not know is logged as info.', () => {
  const { logger, lines } = openLog();
  logger.log('NOTICE' as never, 'worker: ready');
  expect(lines).toEqual([expect.objectContaining({ level: 30, msg: 'worker: ready' })]);
});
