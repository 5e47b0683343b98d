/** A worker of workflows and short activities in a process of its own, which a test can kill. Its arguments: address, namespace, bundle. */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../../src/activities';
import { TASK_QUEUE } from '../../../src/contract/names';
import { createMemoryRuntime } from '../../../src/runtimes/memory';
import { PAYLOAD_CONVERTER_PATH } from '../../../src/worker/bundle';
import { TASK_TIMEOUT } from '../../../src/worker/task-timeout';

async function main([address = '', namespace = '', codePath = '']: string[]): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  // No activity of this queue touches the runtime.
  const runtime = createMemoryRuntime({ now: Date.now });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath },
    activities: createActivities({ runtime, client, watchIntervalMs: 1_000 }),
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER_PATH },
    ...TASK_TIMEOUT,
  });
  process.send?.('polls');
  await worker.run();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
