/**
 * The contract in types: names of workflows, queues, search attributes, and messages, with the payload of each.
 * Client, worker, and workflows all use this file, so that no name is typed twice. Instants are ISO 8601 in UTC.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PodLostInput, UsageReport, WorkspaceEndedInput } from './internal-payloads';
import type {
  Answer,
  BuildView,
  ByInput,
  ConfigureInput,
  DeleteAnswer,
  DeleteInput,
  ExplainView,
  PingInput,
  PolicyChange,
  RebuildInput,
  StatusView,
  StopInput,
  UsageView,
} from './payloads';
import type { Policy, PolicyChangedInput } from './policy';

/** At the end of the refusal of a number stands the build that replaced it, behind these words; clients follow it. */
export const REPLACED_BY = 'replaced by build ';

/** The end of what a query that came in such a moment fails with. */
export const ASK_AGAIN = 'ask again';

/** Whether this is a failure of a query that came in such a moment. */
export function isToAskAgain(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith(ASK_AGAIN);
}

export const pingSignal = defineSignal<[PingInput?]>('ping');
export const startSignal = defineSignal<[ByInput?]>('start');
export const stopSignal = defineSignal<[StopInput?]>('stop');
export const rebuildSignal = defineSignal<[RebuildInput?]>('rebuild');
export const cancelBuildSignal = defineSignal<[ByInput?]>('cancelBuild');

export const startUpdate = defineUpdate<Answer, [ByInput]>('start');
export const stopUpdate = defineUpdate<Answer, [StopInput]>('stop');
export const rebuildUpdate = defineUpdate<Answer, [RebuildInput]>('rebuild');
export const cancelBuildUpdate = defineUpdate<Answer, [ByInput]>('cancelBuild');
export const restoreUpdate = defineUpdate<Answer, [ByInput]>('restore');
export const configureUpdate = defineUpdate<StatusView, [ConfigureInput]>('configure');
export const deleteUpdate = defineUpdate<DeleteAnswer, [DeleteInput]>('delete');

export const statusQuery = defineQuery<StatusView>('status');
export const explainQuery = defineQuery<ExplainView>('explain');
export const buildQuery = defineQuery<BuildView, [{ number?: number }?]>('build');

export const setPolicyUpdate = defineUpdate<Policy, [Record<string, unknown>]>('setPolicy');
export const policyQuery = defineQuery<Policy & { changes: PolicyChange[] }>('policy');
export const usageQuery = defineQuery<UsageView>('usage');
/** Internal, of an organization and its parts: the workspaces that they count. */
export const membersQuery = defineQuery<{ owner: string; name: string; id: string; running: boolean }[]>('members');

/** Internal, between our own workflows and activities. */
export const policyChangedSignal = defineSignal<[PolicyChangedInput]>('policyChanged');
export const podLostSignal = defineSignal<[PodLostInput]>('podLost');
export const usageReportedSignal = defineSignal<[UsageReport]>('usageReported');
export const workspaceEndedSignal = defineSignal<[WorkspaceEndedInput]>('workspaceEnded');
export const membersChangedSignal = defineSignal<[unknown]>('membersChanged');
