/**
 * The command's start against that of Node itself: each command and a bare `node -e 0`, one right after the other, so that what else
 * the machine does is in both.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { memoryBenchEnv, runningWorkspace } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, median, ratios, spread } from './report';

const REPETITIONS = 15;
const COMMAND = join(__dirname, '..', '..', 'bin', 'perennial.mjs');
const SCHEDULE = ['schedule', '--time', '02:30', '--time-zone', 'Europe/Berlin', '--from', '2027-03-12', '--days', '5'];

export const cli: Measurement = {
  name: 'cli',
  title: 'A command from its start to its end, against the start of Node alone',
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const { temporal } = await memoryBenchEnv(bench);
  const { workspace } = await runningWorkspace(bench, { name: 'cli' });
  const { address = '' } = (temporal.connection as Connection).options;
  const commands = [
    { args: ['--help'], goal: 2 },
    { args: SCHEDULE, goal: 2 },
    { args: ['status', workspace, '--address', address], goal: 5 },
  ];
  const lines: Line[] = [];
  for (const { args, goal } of commands) {
    bench.say(`running perennial ${args[0]}`);
    lines.push(...(await compare(args, goal)));
  }
  return lines;
}

async function compare(args: string[], goal: number): Promise<Line[]> {
  const command: number[] = [];
  const bare: number[] = [];
  // The first run of each warms the disk's cache.
  for (let round = 0; round <= REPETITIONS; round += 1) {
    const times = [await timeNode(['-e', '0']), await timeNode([COMMAND, ...args])] as const;
    if (round > 0) bare.push(times[0]);
    if (round > 0) command.push(times[1]);
  }
  const ratio = ratios(command, bare);
  return [
    line(`${args[0]}: ratio`, spread(ratio, '', 2), { text: `at most ${goal}`, holds: median(ratio) <= goal }),
    line(`${args[0]}: the command`, spread(command, ' ms')),
    line(`${args[0]}: node -e 0`, spread(bare, ' ms')),
  ];
}

/** Milliseconds to the process's end. Not synchronously: the workers that answer the command run in this process. */
async function timeNode(args: string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with exit code ${code}`);
  return performance.now() - startedAt;
}
