/**
 * Workflows without a server: activations go straight into the SDK's own creator of workflows, which a worker's thread uses too
 * (an internal of the SDK, pinned to one version here), and whatever a workflow asks for is answered at once, and well.
 */
import { defaultPayloadConverter } from '@temporalio/common';
import { coresdk } from '@temporalio/proto';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker';
import type { Workflow, WorkflowCreateOptions } from '@temporalio/worker/lib/workflow/interface';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm';

type Job = coresdk.workflow_activation.IWorkflowActivationJob;
type Command = coresdk.workflow_commands.IWorkflowCommand;

/** What an activity of this name answers. */
export type Answers = (activity: string) => unknown;

export interface Cached {
  /** Brings these to the workflow, and answers what it asks for until it asks for nothing more. */
  push(jobs: Job[]): Promise<void>;
  query(name: string): Promise<unknown>;
}

export interface Cache {
  start(given: { type: string; workflowId: string; input: unknown[] }): Promise<Cached>;
}

export async function createCache(bundle: WorkflowBundleWithSourceMap, answers: Answers): Promise<Cache> {
  const activities = ['readPolicy', 'admit', 'prepareHome', 'startPod', 'runHookStep', 'stopPod'];
  const creator = await ReusableVMWorkflowCreator.create(parseWorkflowCode(bundle.code), 5_000, new Set(activities));
  let started = 0;
  return {
    async start({ type, workflowId, input }) {
      started += 1;
      const runId = `run-${started}`;
      const workflow = await creator.createWorkflow(createOptions({ type, workflowId, runId }));
      const cached = drive({ workflow, runId, answers });
      await cached.push([initialization({ type, workflowId, runId, input })]);
      return cached;
    },
  };
}

function drive({ workflow, runId, answers }: { workflow: Workflow; runId: string; answers: Answers }): Cached {
  let historyLength = 0;
  let nowMs = Date.now();
  const activate = async (jobs: Job[]): Promise<Command[]> => {
    historyLength += 4;
    // Each task starts later than the one before: what comes at the same time counts as come between two tasks, and is refused.
    nowMs = Math.max(nowMs + 1, Date.now());
    const timestamp = { seconds: Math.floor(nowMs / 1_000) as unknown as Long, nanos: (nowMs % 1_000) * 1e6 };
    const activation = coresdk.workflow_activation.WorkflowActivation.fromObject({ runId, timestamp, historyLength, jobs });
    const completion = await workflow.activate(activation);
    await workflow.getAndResetSinkCalls();
    if (!completion.successful) throw new Error(`a workflow task failed: ${JSON.stringify(completion.failed)}`);
    return completion.successful.commands ?? [];
  };
  return {
    async push(jobs) {
      let next = jobs;
      while (next.length > 0) next = (await activate(next)).flatMap((command) => answer(command, answers));
    },
    async query(name) {
      const [command] = await activate([{ queryWorkflow: { queryId: 'q', queryType: name, arguments: [] } }]);
      const payload = command?.respondToQuery?.succeeded?.response;
      return payload ? defaultPayloadConverter.fromPayload(payload) : null;
    },
  };
}

type Long = import('long');

function answer({ scheduleActivity, signalExternalWorkflowExecution }: Command, answers: Answers): Job[] {
  if (signalExternalWorkflowExecution) {
    return [{ resolveSignalExternalWorkflow: { seq: signalExternalWorkflowExecution.seq ?? 0 } }];
  }
  if (!scheduleActivity) return [];
  const result = answers(scheduleActivity.activityType ?? '');
  if (result === undefined) return [];
  const completed = { result: defaultPayloadConverter.toPayload(result) };
  return [{ resolveActivity: { seq: scheduleActivity.seq ?? 0, result: { completed } } }];
}

function initialization(given: { type: string; workflowId: string; runId: string; input: unknown[] }): Job {
  const { type, workflowId, runId, input } = given;
  return {
    initializeWorkflow: {
      workflowType: type,
      workflowId,
      arguments: input.map((value) => defaultPayloadConverter.toPayload(value)),
      firstExecutionRunId: runId,
      attempt: 1,
    },
  };
}

/** Only what workflow code looks at. */
function createOptions({ type, workflowId, runId }: { type: string; workflowId: string; runId: string }): WorkflowCreateOptions {
  const now = new Date();
  const info = {
    workflowId,
    runId,
    workflowType: type,
    searchAttributes: {},
    taskQueue: 'bench',
    namespace: 'bench',
    firstExecutionRunId: runId,
    startTime: now,
    runStartTime: now,
    taskTimeoutMs: 10_000,
    attempt: 1,
    historyLength: 3,
    historySize: 0,
    continueAsNewSuggested: false,
    unsafe: { now: Date.now, isReplaying: false, isReplayingHistoryEvents: false },
  };
  return {
    info: info as unknown as WorkflowCreateOptions['info'],
    randomnessSeed: Array.from({ length: 8 }, (_, index) => index + 1),
    now: now.getTime(),
    showStackTraceSources: false,
    failureExceptionTypeNames: [],
  } as unknown as WorkflowCreateOptions;
}
