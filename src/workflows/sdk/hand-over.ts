import { sleep, workflowInfo } from '@temporalio/workflow';

/** How often a hand-over waits because an update was answered in the same task. */
const TRIES = 20;
const PAUSE = '50ms';

/** A run that notes the length of its history whenever it answers an update. */
interface AnsweringRun {
  answeredAt: number;
}

/**
 * Waits for a task in which the run has answered no update: the server fails a task that ends the run when new events arrived, and drops
 * the answers of that task. Updates that arrive meanwhile may be unanswered then.
 */
export async function untilTaskWithoutAnswers(run: AnsweringRun): Promise<void> {
  for (let tries = 0; tries < TRIES && run.answeredAt === workflowInfo().historyLength; tries += 1) {
    await sleep(PAUSE, { summary: 'hand over to a new run' });
  }
}
