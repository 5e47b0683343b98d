import { type Stack, startStack, untilState } from './stack';
let stack: Stack;
beforeAll(async () => { stack = await startStack('time-skipping'); });
afterAll(() => stack?.close());
test('explore', async () => {
  const t0 = Date.now();
  const log = (...x: unknown[]) => process.stderr.write(`${Date.now() - t0} ${x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join(' ')}\n`);
  for (let i = 0; i < 15; i += 1) {
    const w = await stack.client.create({ owner: 'ada', name: `a${i}`, image: 'starter:1' });
    const t = Date.now();
    await untilState(w, 'running');
    log('took', Date.now() - t);
  }
}, 90000);
