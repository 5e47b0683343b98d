import type { Stack } from './temporal-env';

/**
 * Lets time pass while no worker is up, then starts the workers again, and resolves with the moment before these start. For the time-skipping
 * server, started `withOutages`.
 */
export async function outage(stack: Stack, ms: number): Promise<number> {
  const { testService } = stack.env.connection;
  if (!testService) throw new Error('an outage needs the time-skipping server');
  await stack.stopWorkers();
  let isOver = false;
  const slept = stack.env.sleep(ms).finally(() => {
    isOver = true;
  });
  // A task that waits for a worker holds the clock: each hold is taken away, and given back in the end.
  let taken = 0;
  while (!isOver) {
    if (!(await isHeld(stack, () => isOver))) continue;
    await testService.unlockTimeSkipping({});
    taken += 1;
  }
  await slept;
  for (; taken > 0; taken -= 1) await testService.lockTimeSkipping({});
  const endsAt = await stack.env.currentTimeMs();
  await stack.startWorkers();
  return endsAt;
}

/** Skipped time comes in leaps, so a clock that only ticks is held. */
async function isHeld({ env }: Stack, isOver: () => boolean): Promise<boolean> {
  const before = await env.currentTimeMs();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return !isOver() && (await env.currentTimeMs()) - before < 5_000;
}
