/** Prepares the namespace before a worker polls: search attributes, one runtime, the default organization, the watch. */
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import {
  DEFAULT_ORGANIZATION,
  ORGANIZATION_WORKFLOW,
  organizationWorkflowId,
  SEARCH_ATTRIBUTES,
  TASK_QUEUE,
  WATCH_WORKFLOW,
  watchWorkflowId,
} from '../contract/names';
import { isClosed } from '../contract/workflow-status';

const RUNTIMES = ['memory', 'sandbox', 'kubernetes'];

/**
 * Prepares the namespace. `firstImage` becomes the default image of the default organization when that is created. Rejects with a
 * sentence when another runtime serves the namespace.
 */
export async function prepareNamespace(client: Client, runtime: string, firstImage: string | null = null): Promise<void> {
  await registerSearchAttributes(client);
  await refuseOtherRuntime(client, runtime);
  await startOnce(client, {
    type: ORGANIZATION_WORKFLOW,
    workflowId: organizationWorkflowId(DEFAULT_ORGANIZATION),
    input: { name: DEFAULT_ORGANIZATION, ...(firstImage !== null && { policy: { defaultImage: firstImage } }) },
  });
  await startOnce(client, { type: WATCH_WORKFLOW, workflowId: watchWorkflowId(runtime), input: { runtime } });
}

/** Registers missing search attributes. This comes first, since unregistered ones fail every workflow task. */
export async function registerSearchAttributes(client: Client): Promise<void> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => customAttributes?.[name] === undefined);
  if (missing.length > 0) await addSearchAttributes(client, missing);
}

/** Adds the attributes, all by default, without checking which are registered. */
export async function addSearchAttributes(client: Client, attributes = Object.entries(SEARCH_ATTRIBUTES)): Promise<void> {
  const { namespace } = client.options;
  const searchAttributes = Object.fromEntries(
    attributes.map(([name, type]) => [name, temporal.api.enums.v1.IndexedValueType[`INDEXED_VALUE_TYPE_${type}`]]),
  );
  await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}

async function refuseOtherRuntime(client: Client, runtime: string): Promise<void> {
  for (const other of RUNTIMES.filter((name) => name !== runtime)) {
    if (!(await isOpen(client, watchWorkflowId(other)))) continue;
    throw new Error(
      `PERENNIAL_RUNTIME: expected ${other}, which serves the namespace ${client.options.namespace} already, got ${runtime}`,
    );
  }
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    return !isClosed((await client.workflow.getHandle(workflowId).describe()).status);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function startOnce(
  client: Client,
  { type, workflowId, input }: { type: string; workflowId: string; input: object },
): Promise<void> {
  try {
    await client.workflow.start(type, { workflowId, taskQueue: TASK_QUEUE, args: [input] });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
