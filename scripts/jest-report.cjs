/**
 * A reporter for jest that writes down, as it happens, which file began and how it ended: one line of JSON each. So a run that was
 * killed, or whose worker crashed, still tells what failed and what never ended.
 */
const { appendFileSync } = require('node:fs');
const path = require('node:path');

module.exports = class JestReport {
  /** @param {{ rootDir: string }} config */
  constructor({ rootDir }) {
    this.rootDir = rootDir;
    this.output = process.env.PERENNIAL_JEST_REPORT ?? '';
  }

  /** @param {{ path: string }} file */
  onTestFileStart({ path: file }) {
    this.note({ event: 'begun', file });
  }

  /**
   * @param {{ path: string }} file
   * @param {import('@jest/test-result').TestResult} result
   */
  onTestFileResult({ path: file }, { numPassingTests, testResults, testExecError, failureMessage }) {
    const failed = testResults.filter(({ status }) => status === 'failed');
    const failures = failed.map(({ fullName, failureMessages }) => ({ name: fullName, error: failureMessages[0] ?? '' }));
    // It could not be loaded, or its process ended.
    if (testExecError && failures.length === 0)
      failures.push({ name: 'the file itself', error: testExecError.stack || testExecError.message || failureMessage || '' });
    this.note({ event: 'ended', file, passed: numPassingTests, failures });
  }

  /**
   * @param {unknown} _contexts
   * @param {import('@jest/test-result').AggregatedResult} result
   */
  onRunComplete(_contexts, { runExecError }) {
    this.note({ event: 'complete', error: runExecError?.message ?? null });
  }

  /** @param {import('./jest.mjs').ReportLine} line */
  note(line) {
    const file = 'file' in line ? { file: path.relative(this.rootDir, line.file) } : {};
    appendFileSync(this.output, `${JSON.stringify({ ...line, ...file })}\n`);
  }
};
