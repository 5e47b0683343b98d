/**
 * The messages by name, each with its payload and answer. Client, worker, and workflows use these definitions, which are plain objects:
 * the SDK's own `defineSignal` and its siblings would bring the whole workflow package into every client.
 */
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { CampaignProgress, CampaignWorkspacesInput, CampaignWorkspacesView } from './campaign';
import type {
  BuildInput,
  ByInput,
  ConfigureInput,
  ConfigureOwnerInput,
  DeleteInput,
  PingInput,
  RebuildInput,
  StopInput,
} from './inputs';
import type { ForceRebuildAnswer, ForceRebuildInput, RequiredInput } from './internal/campaign';
import type { KnownOwner, ReserveAnswer, ReserveInput } from './internal/ledger';
import type {
  MemberView,
  PodLostInput,
  PolicyChangedInput,
  SecretsChangedInput,
  UsageReport,
  WorkspaceEndedInput,
} from './internal/payloads';
import type { Policy, PolicyChange } from './policy';
import type { OwnerView, UsageView } from './usage';
import type { Answer, BuildView, DeleteAnswer, ExplainView, StatusView } from './views';

const REPLACED_BY = 'replaced by build ';

/** The end of the refusal of a build's number whose build was replaced by another before it began. */
export const replacedBy = (build: number): string => `${REPLACED_BY}${build}`;

/** The build that such a refusal names; null for every other message. */
export function replacementIn(message: string): number | null {
  const build = message.split(REPLACED_BY)[1];
  return build ? Number(build) : null;
}

/** The beginning of the refusal of a build's number that is not kept. A query's failure has no type but its sentence. */
export const NO_SUCH_BUILD = 'build: expected the number of a build that is kept';

/** The end of the failure of a query that came between events and the workflow task for them. It may be sent again. */
export const ASK_AGAIN = 'ask again';

/** Whether a query failed only because of the moment at which it came. */
export function isToAskAgain(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith(ASK_AGAIN);
}

/** The workspace is in use. */
export const pingSignal = signal<[PingInput?]>('ping');
/** As the update of the same name, without an answer. */
export const startSignal = signal<[ByInput?]>('start');
/** As the update of the same name, without an answer. */
export const stopSignal = signal<[StopInput?]>('stop');
/** As the update of the same name, without an answer. */
export const rebuildSignal = signal<[RebuildInput?]>('rebuild');
/** As the update of the same name, without an answer. */
export const cancelBuildSignal = signal<[ByInput?]>('cancelBuild');

/** Builds the workspace where it is not running. */
export const startUpdate = update<Answer, [ByInput]>('start');
/** Removes the pod; the home is kept. */
export const stopUpdate = update<Answer, [StopInput]>('stop');
/** Builds the workspace whatever its state; the home is kept. */
export const rebuildUpdate = update<Answer, [RebuildInput]>('rebuild');
/** Ends the build under way, to `off`. */
export const cancelBuildUpdate = update<Answer, [ByInput]>('cancelBuild');
/** Takes a delete back. */
export const restoreUpdate = update<Answer, [ByInput]>('restore');
/** Changes the workspace's own settings. */
export const configureUpdate = update<StatusView, [ConfigureInput]>('configure');
/** Stops the workspace, and removes its home after the retention. */
export const deleteUpdate = update<DeleteAnswer, [DeleteInput]>('delete');

/** The workspace as wanted and as it is. */
export const statusQuery = query<StatusView>('status');
/** Why the workspace is in its state, what happens next, and its history. */
export const explainQuery = query<ExplainView>('explain');
/** One of the last ten builds. */
export const buildQuery = query<BuildView, [BuildInput?]>('build');
/** Internal: what decides what a workspace does next, for the preview of a policy. Its shape belongs to the version of the worker. */
export const stateQuery = query<unknown>('state');

/** Changes fields of an organization's policy. */
export const setPolicyUpdate = update<Policy, [Record<string, unknown>]>('setPolicy');
/** An organization's policy, with its last 50 changes. */
export const policyQuery = query<Policy & { changes: PolicyChange[] }>('policy');
/** What the workspaces of an organization use. */
export const usageQuery = query<UsageView>('usage');

/** A campaign begins no further rebuild until it is resumed. */
export const pauseSignal = signal<[ByInput?]>('pause');
/** A paused campaign continues. */
export const resumeSignal = signal<[ByInput?]>('resume');
/** A campaign ends when the rebuilds under way have ended. */
export const cancelSignal = signal<[ByInput?]>('cancel');
/** How far a campaign is. */
export const progressQuery = query<CampaignProgress>('progress');
/** The workspaces of a campaign, some hundred at a time. */
export const workspacesQuery = query<CampaignWorkspacesView, [CampaignWorkspacesInput?]>('workspaces');

/** Internal, to a workspace: a campaign requires a rebuild, announces one, or takes that back. */
export const requiredSignal = signal<[RequiredInput]>('required');
/** Internal, to a workspace: a campaign rebuilds it now, unless it may not be rebuilt now. */
export const forceRebuildUpdate = update<ForceRebuildAnswer, [ForceRebuildInput]>('forceRebuild');
/** Changes an owner's settings. */
export const configureOwnerUpdate = update<OwnerView, [ConfigureOwnerInput]>('configure');
/** An owner's settings, and the quota in use. */
export const ownerStatusQuery = query<OwnerView>('status');
/** Internal: an owner's settings, as workspaces keep them. */
export const ownerSettingsQuery = query<KnownOwner>('settings');
/** Internal, to an owner: builds reserve what they need. */
export const reserveUpdate = update<ReserveAnswer, [ReserveInput]>('reserve');

/** Internal: the workspaces that an organization, or a part of one, counts. */
export const membersQuery = query<MemberView[]>('members');
/** Internal, to a workspace: its organization's policy has changed. */
export const policyChangedSignal = signal<[PolicyChangedInput]>('policyChanged');
/** Internal, to a workspace: its pod is lost. */
export const podLostSignal = signal<[PodLostInput]>('podLost');
/** Internal, to a workspace: a secret or a key of its owner or organization changes. */
export const secretsChangedSignal = signal<[SecretsChangedInput?]>('secretsChanged');
/** Internal, to a workspace: it is counted as something else than it is, so it reports again what it uses. */
export const reportUsageSignal = signal<[object?]>('reportUsage');
/** Internal, to an organization and to an owner: what a workspace uses. */
export const usageReportedSignal = signal<[UsageReport]>('usageReported');
/** Internal, to an organization and to an owner: a workspace ended without a report. */
export const workspaceEndedSignal = signal<[WorkspaceEndedInput]>('workspaceEnded');
/** Internal, to a part of an organization: the policy, and what concerns its workspaces. */
export const membersChangedSignal = signal<[unknown]>('membersChanged');

// The argument and return types of a definition exist as types only, so the objects are cast.
function signal<Args extends unknown[]>(name: string): SignalDefinition<Args> {
  return { type: 'signal', name } as SignalDefinition<Args>;
}

function update<Answers, Args extends unknown[]>(name: string): UpdateDefinition<Answers, Args> {
  return { type: 'update', name } as UpdateDefinition<Answers, Args>;
}

function query<Answers, Args extends unknown[] = []>(name: string): QueryDefinition<Answers, Args> {
  return { type: 'query', name } as QueryDefinition<Answers, Args>;
}
