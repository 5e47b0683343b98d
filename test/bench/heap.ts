/** The heap that a cached workflow costs a worker. It is measured in a process of its own, by heap-process.ts, which says how. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HeapFigures } from './heap-process';
import { type Bench, type Line, line, type Measurement, median, spread } from './report';
import { IS_SMALLEST } from './size';

const GOAL_KB = 48;

export const heap: Measurement = { name: 'heap', title: 'Heap for each cached workflow', run: measure };

async function measure(bench: Bench): Promise<Line[]> {
  bench.say('filling a cache in a process of its own');
  const hook = join(__dirname, '..', 'support', 'typescript-hook.cjs');
  const child = fork(join(__dirname, 'heap-process.ts'), IS_SMALLEST ? ['--smallest'] : [], {
    execArgv: ['--expose-gc', '--require', hook],
  });
  const answer = once(child, 'message').then(([figures]) => figures as HeapFigures);
  const end = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the heap's process ended with exit code ${code}`)));
  end.catch(() => undefined);
  const { empty, builder, created, running, full } = await Promise.race([answer, end]);
  return [
    line('a workspace after its first build', spread(running, ' KB', 1), {
      text: `at most ${GOAL_KB} KB`,
      holds: median(running) <= GOAL_KB,
    }),
    line('a workspace just created', spread(created, ' KB', 1)),
    line('an empty workflow', spread(empty, ' KB', 1)),
    line('an empty workflow that ran six activities and sleeps', spread(builder, ' KB', 1)),
    line('ratio of the medians', (median(running) / median(empty)).toFixed(2)),
    line('a full workspace (ten builds, 50 entries, env)', spread(full, ' KB', 1)),
  ];
}
