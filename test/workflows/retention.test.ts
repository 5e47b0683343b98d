import { type Stack, startStack, until } from './stack';
let stack: Stack;
beforeAll(async () => { stack = await startStack('time-skipping'); });
afterAll(() => stack?.close());
test('explore', async () => {
  const t0 = Date.now();
  const log = (...x: unknown[]) => process.stderr.write(`${Date.now() - t0} ${x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join(' ')}\n`);
  for (let i = 0; i < 15; i += 1) {
    const w = await stack.client.create({ owner: 'ada', name: `a${i}`, image: 'starter:1' });
    const t = Date.now();
    const h = stack.client.temporal.workflow.getHandle(`workspace/ada/a${i}`);
    await until('running', async () => ((await h.describe()).searchAttributes.State ?? [])[0] === 'running');
    await w.status();
    log('took', Date.now() - t);
  }
}, 90000);
