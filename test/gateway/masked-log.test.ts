import { setTimeout as delay } from 'node:timers/promises';
import { type LogSource, openMaskedLog } from '../../src/gateway/build-log/masked-log';
import { createPositionFinder, hashTail } from '../../src/gateway/build-log/position';
import { createValueReader, NO_VALUES } from '../../src/gateway/build-log/values';
import { formatEventId, parseEventId, progressOf } from '../../src/gateway/events/event-id';
import { prepareValues } from '../../src/hooks/mask';
import { cpuTimeMs } from '../support/cpu-time';

const HOLDER = { owner: 'ada', organization: 'default' };
const MIB = 1024 * 1024;
const valuesOf = (value: string) => ({ ...prepareValues([value]), versions: value });

test('A position is found in 4 MiB of a log in less than four seconds of processor time.', () => {
  const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, at) => `line ${at}\n`).join(''));
  const offset = bytes.length - 10;
  const finder = createPositionFinder({ offset, tail: hashTail(bytes.subarray(0, offset)) });
  const usedMs = cpuTimeMs(() => expect(finder.push(bytes)).toBe(offset));
  expect(usedMs).toBeLessThan(4_000);
});

test('The offset in the id of an event is bounded.', () => {
  const logs = { configure: { position: { offset: Number.MAX_SAFE_INTEGER, tail: 'a-b' }, isOver: false } };
  const { logs: parsed } = parseEventId(formatEventId({ ...progressOf(1), logs }));
  expect(parsed.configure?.position).toEqual({ offset: 16 * MIB, tail: 'a-b' });
});

test('The search for a position ends past the size of any log.', async () => {
  let reads = 0;
  const source: LogSource = {
    async read(offset) {
      reads += 1;
      const text = Buffer.alloc(MIB, 'x\n');
      if (offset === 0) text.write('[perennial: this log passed 10 MiB; its beginning was cut here]\n');
      return { text, nextOffset: offset + MIB };
    },
    valuesSince: async () => NO_VALUES,
    now: Date.now,
    pause: async () => undefined,
  };
  await openMaskedLog(source, { offset: 4 * MIB, tail: 'a-b' }).read();
  expect(reads).toBeLessThan(20);
});

test('Values are not read for a log that has nothing new.', async () => {
  let log = 'one\n';
  const valuesSince = jest.fn(async () => NO_VALUES);
  const read = async (offset: number) => ({ text: Buffer.from(log).subarray(offset), nextOffset: log.length });
  const masked = openMaskedLog({ read, valuesSince, now: Date.now, pause: async () => undefined });
  expect((await masked.read())?.text).toBe('one\n');
  for (let poll = 0; poll < 5; poll += 1) expect(await masked.read()).toMatchObject({ text: '', isDrained: true });
  expect(valuesSince).toHaveBeenCalledTimes(1);
  log += 'two\n';
  expect((await masked.read())?.text).toBe('two\n');
  expect(valuesSince).toHaveBeenCalledTimes(2);
});

test('Many readers share readings of the values, each of which begins after they asked, and what was prepared.', async () => {
  const begun: number[] = [];
  const values = valuesOf('correct-horse');
  const valuesSince = createValueReader(async () => {
    begun.push(Date.now());
    await delay(20);
    return values;
  }, Date.now);
  const first = await valuesSince(HOLDER, Date.now());
  const begunAt = Date.now();
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await delay(index * 10);
      const asked = Date.now();
      expect(await valuesSince(HOLDER, asked)).toBe(first);
      expect(begun.some((at) => at >= asked)).toBe(true);
    }),
  );
  expect(begun.length).toBeLessThanOrEqual(2 + (Date.now() - begunAt) / 250);
});

test('A reading that fails is not kept, and values that change replace those before.', async () => {
  const [one, other] = [valuesOf('one-value'), valuesOf('another-value')];
  const answers = [one, new Error('the store does not answer'), one, other];
  const valuesSince = createValueReader(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? NO_VALUES;
  }, Date.now);
  const first = await valuesSince(HOLDER, Date.now());
  await expect(valuesSince(HOLDER, Date.now())).rejects.toThrow('the store does not answer');
  expect(await valuesSince(HOLDER, Date.now())).toBe(first);
  expect(await valuesSince(HOLDER, Date.now())).toBe(other);
});
