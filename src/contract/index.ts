/** The public part of the contract, exported as `perennial/contract`: for services that send messages with a Temporal client of their own. */
export { formatDuration, parseDuration } from './duration';
export {
  type FailureType,
  FINAL_TYPES,
  type FinalType,
  TEMPORARY_TYPES,
  type TemporaryType,
} from './failure-types';
export {
  ASK_AGAIN,
  buildQuery,
  cancelBuildSignal,
  cancelBuildUpdate,
  cancelSignal,
  configureOwnerUpdate,
  configureUpdate,
  deleteUpdate,
  explainQuery,
  isToAskAgain,
  ownerStatusQuery,
  pauseSignal,
  pingSignal,
  policyQuery,
  progressQuery,
  rebuildSignal,
  rebuildUpdate,
  replacementIn,
  restoreUpdate,
  resumeSignal,
  setPolicyUpdate,
  startSignal,
  startUpdate,
  statusQuery,
  stopSignal,
  stopUpdate,
  usageQuery,
  workspacesQuery,
} from './messages';
export {
  CAMPAIGN_WORKFLOW,
  CARE_QUEUE,
  campaignWorkflowId,
  DEFAULT_ORGANIZATION,
  NAMESPACE,
  ORGANIZATION_WORKFLOW,
  OWNER_WORKFLOW,
  organizationWorkflowId,
  ownerWorkflowId,
  SEARCH_ATTRIBUTES,
  STARTS_QUEUE,
  TASK_QUEUE,
  WATCH_WORKFLOW,
  WORKSPACE_WORKFLOW,
  watchWorkflowId,
  workspaceOfWorkflowId,
  workspaceWorkflowId,
} from './names';
export * from './payloads';
export type {
  AutoOffPolicy,
  AutoStartPolicy,
  BuildPolicy,
  GitHostPolicy,
  ImagePolicy,
  Policy,
  PolicyChange,
  QuotaPolicy,
  ResourcePolicy,
} from './policy';
export { formatBytes, formatCpu, parseQuantity } from './quantity';
export type { DeliveredSecret, KeyView, SecretScope, SecretTarget, SecretView } from './secrets';
export { isTimeZone } from './time-zone';
