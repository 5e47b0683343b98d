import { coalesceReads } from '../../src/activities/policy-reader';

/** Queries that end when the test says, in their order. */
function createQueries() {
  const ends: ((answer: string | Error) => void)[] = [];
  const query = (key: string) =>
    new Promise<string>((resolve, reject) => {
      ends.push((answer) => (answer instanceof Error ? reject(answer) : resolve(`${key} ${answer}`)));
    });
  return { ends, query };
}

test('Callers that arrive during a read share the next one, so that none gets a result from before its call.', async () => {
  const { ends, query } = createQueries();
  const { read } = coalesceReads(query);
  const first = read('a');
  const others = [read('a'), read('a'), read('a')];
  expect(ends).toHaveLength(1);
  ends[0]?.('old');
  expect(await first).toBe('a old');
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  ends[1]?.('new');
  expect(await Promise.all(others)).toEqual(['a new', 'a new', 'a new']);
});

test('A failed read fails for all callers that share it, and the next read runs.', async () => {
  const { ends, query } = createQueries();
  const { read } = coalesceReads(query);
  const [first, second] = [read('a'), read('a')];
  ends[0]?.(new Error('away'));
  await expect(first).rejects.toThrow('away');
  ends[1]?.('back');
  expect(await second).toBe('a back');
  const third = read('a');
  ends[2]?.('again');
  expect(await third).toBe('a again');
});

test('Reads of different policies do not wait for each other.', async () => {
  const { ends, query } = createQueries();
  const { read } = coalesceReads(query);
  const both = [read('a'), read('b')];
  expect(ends).toHaveLength(2);
  for (const end of ends) end('1');
  expect(await Promise.all(both)).toEqual(['a 1', 'b 1']);
});
