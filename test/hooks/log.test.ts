import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, SHELLS, specOf, type TestPod } from '../support/hook-env';
import { until } from '../support/until';

const LIMIT_BYTES = 10 * 1024 * 1024;
const FIRST_LINE = '[perennial: this log passed 10 MiB; its beginning was cut here]';

describe.each(SHELLS)('In %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell);
  });
  afterEach(() => pod.remove());

  const runLog = async (text: string) => {
    pod.writeConfigure(`#!/bin/sh\n${text}`);
    const result = await runHook(pod.exec, specOf(), progressOf());
    const file = path.join(pod.home, '.perennial/logs/build-1/configure.log');
    return { result, size: statSync(file).size, lines: readFileSync(file, 'latin1').trimEnd().split('\n') };
  };

  test('Below the limit every line is there once and in order.', async () => {
    const { result, lines } = await runLog('seq 1 1000000');
    expect(lines.every((line, index) => Number(line) === index + 1)).toBe(true);
    expect(lines).toHaveLength(1_000_000);
    expect(result.lastLines).toEqual(lines.slice(-50));
  });

  test('The lines of many writers, on both streams, are there once each.', async () => {
    const { lines } = await runLog(
      'write() { i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "$1 $i"; done; }\nwrite a & write b & write c >&2; wait',
    );
    for (const writer of ['a', 'b', 'c']) {
      const own = lines.filter((line) => line.startsWith(writer));
      expect(own).toEqual(Array.from({ length: 3_000 }, (_, index) => `${writer} ${index + 1}`));
    }
    expect(lines).toHaveLength(9_000);
  });

  test('Past the limit the beginning is cut, the first line says so, and the end is whole.', async () => {
    const { result, size, lines } = await runLog('seq 1 3000000');
    expect(size).toBeLessThanOrEqual(LIMIT_BYTES);
    expect(size).toBeGreaterThan(LIMIT_BYTES / 2);
    expect(lines[0]).toBe(FIRST_LINE);
    const kept = lines.slice(1).map(Number);
    expect(kept.at(-1)).toBe(3_000_000);
    expect(kept.every((number, index) => index === 0 || number === Number(kept[index - 1]) + 1)).toBe(true);
    expect(result.lastLines.at(-1)).toBe('3000000');
  });

  test('A log is cut while the hook runs, and what it writes afterwards comes after that.', async () => {
    const log = '"$HOME/.perennial/logs/build-1/configure.log"';
    const { lines } = await runLog(
      `seq 1 2000000; while [ "$(wc -c <${log})" -gt ${LIMIT_BYTES} ]; do sleep 0.05; done\n` +
        `for n in 1 2 3; do echo after $n; done`,
    );
    expect(lines[0]).toBe(FIRST_LINE);
    expect(lines.slice(-4)).toEqual(['2000000', 'after 1', 'after 2', 'after 3']);
    expect(lines.filter((line) => line === FIRST_LINE)).toHaveLength(1);
  });

  test('What the hook left in the background has its log cut too.', async () => {
    const { size } = await runLog('(until [ -e "$HOME/go-on" ]; do sleep 0.05; done; seq 1 2000000; sleep 600) & echo done');
    expect(size).toBeLessThan(100);
    pod.writeHome('go-on', '');
    const file = path.join(pod.home, '.perennial/logs/build-1/configure.log');
    await until(() => statSync(file).size > LIMIT_BYTES);
    await until(() => statSync(file).size <= LIMIT_BYTES && readFileSync(file, 'latin1').startsWith(FIRST_LINE));
    expect(readFileSync(file, 'latin1').trimEnd().endsWith('2000000')).toBe(true);
  });

  test('A log without any line break is cut too.', async () => {
    const { size, lines } = await runLog('head -c 12000000 /dev/zero | tr "\\000" x');
    expect(size).toBeLessThanOrEqual(LIMIT_BYTES);
    expect([lines.length, lines[0], lines[1] === 'x'.repeat(8 * 1024 * 1024)]).toEqual([2, FIRST_LINE, true]);
  });
});
