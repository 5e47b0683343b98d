/** The baseline: the smallest workflows of Temporal's SDK with the same visible effect. */
import { condition, defineQuery, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';

export const pingSignal = defineSignal<[unknown]>('ping');
export const countQuery = defineQuery<number>('count');

/** Counts pings without limit. */
export async function counter(): Promise<void> {
  let count = 0;
  setHandler(countQuery, () => count);
  setHandler(pingSignal, () => {
    count += 1;
  });
  await condition(() => false);
}

/** Sleeps until an instant, in epoch milliseconds, and answers how many milliseconds late it woke. */
export async function sleeper(at: number): Promise<number> {
  await sleep(at - Date.now());
  return Date.now() - at;
}

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1h' });

/** The same, with an activity that does nothing before it takes the time. */
export async function actingSleeper(at: number): Promise<number> {
  await sleep(at - Date.now());
  await nothing();
  return Date.now() - at;
}

/** Does nothing without limit. */
export async function empty(): Promise<void> {
  await condition(() => false);
}

const { step } = proxyActivities<{ step(): Promise<void> }>({ startToCloseTimeout: '1h' });

/** Runs six activities, as many as the steps of a build, and then sleeps on a timer as Temporal's documentation shows it. */
export async function builder(): Promise<void> {
  for (let index = 0; index < 6; index += 1) await step();
  await condition(() => false, '2h');
}

/** Waits for a policy in a workspace's place and ends when it arrives, so that visibility counts the workflows without it. */
export async function listener(): Promise<void> {
  let hasCome = false;
  setHandler(defineSignal('policyChanged'), () => {
    hasCome = true;
  });
  await condition(() => hasCome);
}
