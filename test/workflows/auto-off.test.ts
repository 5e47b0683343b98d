import { type Stack, startStack, untilState, until } from './stack';
let stack: Stack;
beforeAll(async () => { stack = await startStack('time-skipping'); });
afterAll(() => stack?.close());
test('explore', async () => {
  const t0 = Date.now();
  const log = (...x: unknown[]) => process.stderr.write(`${Date.now() - t0} ${x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join(' ')}\n`);
  const w = await stack.client.create({ owner: 'ada', name: 'a', image: 'starter:1' });
  await untilState(w, 'running');
  log('running', new Date(await stack.env.currentTimeMs()).toISOString());
  await stack.stopWorkers();
  log('stopped');
  const ts = stack.env.connection.testService;
  if (!ts) throw new Error();
  await stack.env.sleep(7199000);
  log('119');
  let slept = false;
  void stack.env.sleep('3 hours').then(() => { slept = true; });
  await new Promise((ok) => setTimeout(ok, 3000));
  log(String(slept), new Date(await stack.env.currentTimeMs()).toISOString());
  await ts.unlockTimeSkipping({});
  log('unlocked');
  await until('slept', () => slept);
  await ts.lockTimeSkipping({});
  log('slept', new Date(await stack.env.currentTimeMs()).toISOString());
  await stack.startWorkers();
  for (let i = 0; i < 8; i += 1) {
    await new Promise((ok) => setTimeout(ok, 1000));
    const h = await stack.client.temporal.workflow.getHandle('workspace/ada/a').fetchHistory();
    log((h.events ?? []).slice(-6).map((e) => `${e.eventId} ${e.eventType} ${e.eventTime?.seconds}`));
    log(new Date(await stack.env.currentTimeMs()).toISOString(), await Promise.race([w.explain().then((x) => x.why, (e) => String(e)), new Promise((ok) => setTimeout(ok, 900, 'no answer'))]) as string);
  }
  await until('due', async () => (await w.explain()).why.includes('outage'));
  log((await w.explain()));
  await stack.env.sleep('1 hours');
  await untilState(w, 'off');
  log((await w.explain()).history);
}, 40000);
