/** Runs benchmarks one after the other, and prints what they measured beside what is aimed at. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { createProgress } from '../../src/start/progress';
import { findTemporalCli } from '../../src/start/temporal/find-cli';
import { cleanups } from './bench-env';
import { type Bench, type Line, type Measurement, printLines } from './report';
import { IS_SMALLEST } from './size';

interface Given {
  measurements: Measurement[];
  names: string[];
  close(): Promise<void>;
  /** Takes how many ran, and which failed, before the process ends. */
  leave?(summary: Summary): void;
}

export interface Summary {
  passed: number;
  failures: { name: string; error: string }[];
}

interface Result {
  measurement: Measurement;
  lines: Line[];
}

/**
 * Measures all, or those named, and then closes what they share. Ends the process, with 2 for a name that is not known; a goal that
 * is missed is no failure.
 */
export async function runMeasurements(given: Given): Promise<void> {
  const { measurements, close } = given;
  const names = given.names.filter((name) => name !== '--smallest');
  const chosen = names.length === 0 ? measurements : measurements.filter(({ name }) => names.includes(name));
  const unknown = names.find((name) => !measurements.some((known) => known.name === name));
  if (unknown !== undefined) {
    console.error(`bench: expected any of ${measurements.map(({ name }) => name).join(', ')}, got ${unknown}`);
    process.exit(2);
  }
  const { say, elapsedSeconds } = createProgress({ write: (text) => process.stdout.write(text) });
  const bench = { say, cli: await findCli(say) };
  printMachine(bench.cli);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, endEarly);
  process.on('uncaughtException', goOnAfterLateCall);
  const { results, failures } = await runAll(bench, chosen);
  await close().catch((error: unknown) => failures.push({ name: 'the end', error: String(error) }));
  if (failures.length > 0) {
    process.exitCode = 1;
    await cleanUp();
  }
  given.leave?.({ passed: results.length, failures });
  console.log(`\nResults after ${elapsedSeconds()} s: median (min–max) unless said otherwise\n`);
  for (const { measurement, lines } of results) {
    console.log(`${measurement.name}: ${measurement.title}`);
    printLines(lines);
    console.log();
  }
  // A worker that could not be closed would keep the process.
  process.exit();
}

/** One after the other; in the smallest size all at once, but for those that change the same workspaces. */
async function runAll(bench: Bench, chosen: Measurement[]): Promise<{ results: Result[]; failures: Summary['failures'] }> {
  const results: Result[] = [];
  const failures: Summary['failures'] = [];
  const oneByOne = async (measurements: Measurement[]) => {
    for (const measurement of measurements) {
      try {
        results.push({ measurement, lines: await runOne(bench, measurement) });
      } catch (error) {
        console.error(error);
        failures.push({ name: `benchmark ${measurement.name}`, error: String(error) });
      }
    }
  };
  if (!IS_SMALLEST) await oneByOne(chosen);
  else {
    const alone = chosen.filter(({ changesFleet }) => !changesFleet).map((measurement) => [measurement]);
    await Promise.all([...alone, chosen.filter(({ changesFleet }) => changesFleet)].map(oneByOne));
  }
  return { results, failures };
}

/** A retry of a call whose connection was closed throws in a timer of the SDK, where it cannot be caught. */
function goOnAfterLateCall(error: Error): void {
  if (error.message === 'Channel has been shut down') return;
  console.error(error);
  process.exit(1);
}

/** The measurement continues meanwhile, and its calls to ended workflows fail where they cannot be caught. */
function endEarly(): void {
  process.off('uncaughtException', goOnAfterLateCall);
  process.on('uncaughtException', () => undefined);
  process.on('unhandledRejection', () => undefined);
  void cleanUp().finally(() => process.exit(1));
}

async function cleanUp(): Promise<void> {
  await Promise.allSettled([...cleanups].map((end) => end()));
}

async function runOne(bench: Bench, measurement: Measurement): Promise<Line[]> {
  const [load = 0] = os.loadavg();
  bench.say(`${measurement.name}: ${measurement.title} (load of the machine: ${load.toFixed(1)})`);
  const lines = await measurement.run(bench);
  printLines(lines);
  return lines;
}

function findCli(say: Bench['say']): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  return findTemporalCli({
    setting: process.env.PERENNIAL_TEMPORAL_CLI,
    searchPath: process.env.PATH ?? '',
    cacheDir: path.join(cache, 'perennial'),
    env: process.env,
    say,
    signal: new AbortController().signal,
  });
}

function printMachine(cli: string): void {
  const server = execFileSync(cli, ['--version'], { encoding: 'utf8' }).trim();
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  console.log(
    `${os.availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'}), ${memory} GiB, ${os.type()} ${os.release()}`,
  );
  console.log(`Node ${process.version}, ${server}; server, workers, and client share the machine\n`);
}
