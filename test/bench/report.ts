/** Figures with their spread, and how a measurement is printed. */

export interface Measurement {
  /** As on the command line. */
  name: string;
  title: string;
  /** Whether it changes the workspaces that measurements share. */
  changesFleet?: boolean;
  run(bench: Bench): Promise<Line[]>;
}

export interface Bench {
  /** Says what is being done, with the seconds since the start. */
  say(line: string): void;
  /** The program that is Temporal's server. */
  cli: string;
}

export interface Line {
  what: string;
  value: string;
  /** What is aimed at, in words, and whether it was reached; null where the line only stands beside another. */
  goal: { text: string; holds: boolean } | null;
}

/** One line with its goal; `holds` is what the goal says about the median. */
export const line = (what: string, value: string, goal: Line['goal'] = null): Line => ({ what, value, goal });

/** How long the work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function printLines(lines: Line[]): void {
  const width = Math.max(...lines.map(({ what }) => what.length));
  for (const { what, value, goal } of lines) {
    const verdict = goal ? `   goal ${goal.text}: ${goal.holds ? 'holds' : 'MISSED'}` : '';
    console.log(`  ${what.padEnd(width)}   ${value}${verdict}`);
  }
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `admit 12, start-pod 190`: of figures of the same names, the median of each. */
export function medians(all: Record<string, number>[]): string {
  const names = Object.keys(all[0] ?? {});
  return names.map((name) => `${name} ${median(all.map((figures) => figures[name] ?? 0)).toFixed(0)}`).join(', ');
}

/** `212 ms (190–260, 10 times)` */
export function spread(values: number[], unit: string, digits = 0): string {
  const show = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const range = `${show(Math.min(...values))}–${show(Math.max(...values))}`;
  return `${show(median(values))}${unit} (${range}, ${values.length} times)`;
}

/** The ratios of values that were measured one right after the other, so that what else the machine did is in both. */
export function ratios(perennial: number[], baseline: number[]): number[] {
  return perennial.map((value, index) => value / (baseline[index] ?? Number.NaN));
}
