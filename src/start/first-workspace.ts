import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Connection, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import {
  type CreateInput,
  NAMESPACE,
  type StatusView,
  statusQuery,
  type StepView,
  TASK_QUEUE,
  workspaceWorkflowId,
} from '../workflows/messages';
import type { Say } from './progress';

const FIRST: CreateInput = { owner: 'you', name: 'first', image: 'starter:1', by: 'you' };

export interface FirstWorkspaceSpec {
  connection: Connection;
  say: Say;
  signal: AbortSignal;
}

/** Makes `you/first` if it does not run, and shows its first build live until that has ended, well or not. */
export async function makeFirstWorkspace({ connection, say, signal }: FirstWorkspaceSpec): Promise<void> {
  const client = new Client({ connection, namespace: NAMESPACE });
  const handle = client.workflow.getHandle(workspaceWorkflowId(FIRST.owner, FIRST.name));
  const isNew = await startIfMissing(client);
  if (isNew) say(`making a first workspace, ${FIRST.owner}/${FIRST.name}, from ${FIRST.image}`);
  const status = await followFirstBuild({ handle, say, signal });
  say(isNew ? describeEnd(status) : `the workspace ${status.workspace} is there already: ${describeState(status)}`);
}

async function startIfMissing(client: Client): Promise<boolean> {
  try {
    const workflowId = workspaceWorkflowId(FIRST.owner, FIRST.name);
    await client.workflow.start('workspace', { workflowId, taskQueue: TASK_QUEUE, args: [FIRST] });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function followFirstBuild({
  handle,
  say,
  signal,
}: {
  handle: WorkflowHandle;
  say: Say;
  signal: AbortSignal;
}): Promise<StatusView> {
  const shown = new Map<string, string>();
  for (;;) {
    signal.throwIfAborted();
    const status = await askStatus(handle);
    if (status !== null) {
      for (const line of newLines(status, shown)) say(line);
      if (!isFirstBuildUnderWay(status)) return status;
    }
    await delay(200, undefined, { signal });
  }
}

// While the worker is away nobody answers; the build goes on when it is back, and so does this. A workspace that ended, or
// was refused, never answers as wanted again, so that is an error.
async function askStatus(handle: WorkflowHandle): Promise<StatusView | null> {
  try {
    return await handle.query(statusQuery);
  } catch (error) {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return null;
    if (status.name === 'FAILED') await handle.result();
    throw error;
  }
}

const isFirstBuildUnderWay = ({ build, state }: StatusView): boolean =>
  build === null ? state === 'building' : build.number === 1 && build.endedAt === null && state === 'building';

function newLines({ build }: StatusView, shown: Map<string, string>): string[] {
  if (build === null || build.number !== 1) return [];
  return build.steps
    .filter(({ name, state }) => state !== 'waiting' && shown.get(name) !== state)
    .map((step) => {
      shown.set(step.name, step.state);
      return `  ${step.name}: ${describeStep(step)}`;
    });
}

function describeStep({ state, startedAt, endedAt, message }: StepView): string {
  const took =
    startedAt === null || endedAt === null ? '' : ` in ${((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s`;
  return `${state}${took}${message === null ? '' : `: ${message}`}`;
}

function describeEnd({ build, state, workspace }: StatusView): string {
  const failure = build?.failure ?? null;
  return failure === null
    ? `${workspace} is ${state}`
    : `the build of ${workspace} failed at ${failure.step}: ${failure.message}`;
}

const describeState = ({ state, image, build }: StatusView): string =>
  `${state}, image ${image.reference ?? 'not yet known'}, build ${build?.number ?? 'none'}`;
