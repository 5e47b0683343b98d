/**
 * `node dist/worker/health.js`: exits 0 when the worker of this host has polled the Temporal server recently, else 1 with a sentence.
 * For the health checks of containers, since a worker has no port.
 */
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { withoutProxyToLoopback } from '../client/loopback';
import { NAMESPACE, TASK_QUEUE } from '../contract/names';

/** An idle worker polls every 60 s. */
const HEARD_WITHIN_MS = 90_000;
const ANSWER_WITHIN_MS = 8_000;

async function checkHealth(): Promise<void> {
  const { connectionOptions, namespace = NAMESPACE } = loadClientConnectConfig();
  const connection = await Connection.connect(withoutProxyToLoopback({ ...connectionOptions, connectTimeout: ANSWER_WITHIN_MS }));
  const question = { namespace, taskQueue: { name: TASK_QUEUE } };
  const { pollers } = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    connection.workflowService.describeTaskQueue(question),
  );
  const mine = pollers.filter(({ identity }) => identity?.endsWith(`@${hostname()}`));
  const heardAt = Math.max(0, ...mine.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000));
  if (Date.now() - heardAt < HEARD_WITHIN_MS) return;
  const last = heardAt === 0 ? 'never' : new Date(heardAt).toISOString();
  throw new Error(
    `expected a poll of ${TASK_QUEUE} in ${namespace} by ${hostname()} within ${HEARD_WITHIN_MS} ms, got one ${last}`,
  );
}

checkHealth().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`health: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
