import { PassThrough } from 'node:stream';
import { drain, keepTail } from '../../../../src/runtimes/sandbox/process/output-tail';
import { cpuTimeMs } from '../../../support/cpu-time';
import { expectFailure, patiently, podSpec } from '../../../support/runtimes/contract';
import { HOME, REF } from '../../../support/runtimes/contract-harness';
import { makeSandboxEnv, type SandboxEnv } from '../../../support/runtimes/sandbox-env';
import { until } from '../../../support/until';

const KEPT_BYTES = 256 * 1024;

/** Sends text in pieces of a size, and gives what was kept of it and how many milliseconds that took. */
async function send(text: Buffer, pieceBytes: number): Promise<{ kept: string; usedMs: number; received: number }> {
  const stream = new PassThrough();
  let received = 0;
  const tail = keepTail(stream, (bytes) => {
    received += bytes;
  });
  const usedMs = cpuTimeMs(() => {
    for (let at = 0; at < text.length; at += pieceBytes) stream.emit('data', text.subarray(at, at + pieceBytes));
  });
  return { kept: tail.text(), usedMs, received };
}

describe('Of output', () => {
  it.each([1, 7, 100, 65_536, 3_000_000])('the last 256 KiB are kept, in pieces of %d bytes.', async (pieceBytes) => {
    const text = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${index}\n`).join(''));
    const { kept, received } = await send(text, pieceBytes);
    expect(kept).toBe(text.subarray(-KEPT_BYTES).toString());
    expect(received).toBe(text.length);
  });

  it('twice as much in small pieces takes about twice as long, and no more memory.', async () => {
    await send(Buffer.alloc(4_000_000), 10);
    const once = await send(Buffer.alloc(20_000_000), 10);
    const before = process.memoryUsage().arrayBuffers;
    const twice = await send(Buffer.alloc(40_000_000), 10);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
    expect(twice.usedMs).toBeLessThan(6 * once.usedMs);
    expect(twice.usedMs).toBeLessThan(10_000);
  });

  it('the rest in a pipe is read at the end, while another process writes without limit.', async () => {
    const stream = new PassThrough();
    const tail = keepTail(stream, () => {});
    stream.write('first');
    const writing = setInterval(() => stream.write('.'), 1);
    await drain([stream]);
    clearInterval(writing);
    expect(tail.text()).toMatch(/^first/);
  });
});

describe('A command in a sandbox that writes without end', () => {
  let sandbox: SandboxEnv;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv('auto');
    const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
    await sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
  });
  afterEach(() => sandbox.end());

  it('is ended, and reported.', async () => {
    const exec = sandbox.runtime.exec({ ...REF, build: 1 }, { argv: ['yes'] }, patiently().signal);
    expect((await expectFailure(exec, 'RuntimeUnavailable')).message).toContain('more than 64 MiB');
    // What was killed is listed until the kernel has taken it apart.
    const search = { argv: ['pgrep', '-cx', 'yes'] };
    await until(async () => (await sandbox.runtime.exec({ ...REF, build: 1 }, search, patiently().signal)).stdout === '0\n');
  });
});
