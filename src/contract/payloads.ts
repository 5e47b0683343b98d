/** All public payloads; each family stands in a file of its own. */
export {
  CAMPAIGN_STATES,
  type CampaignFailure,
  type CampaignInput,
  type CampaignPhase,
  type CampaignProgress,
  type CampaignVerdict,
  type CampaignWorkspace,
  type CampaignWorkspaceState,
  type CampaignWorkspacesInput,
  type CampaignWorkspacesView,
} from './campaign/payloads';
export type {
  BuildInput,
  ByInput,
  ConfigureInput,
  ConfigureOwnerInput,
  CreateInput,
  DeleteInput,
  OrganizationInput,
  PingInput,
  RebuildInput,
  StopInput,
} from './inputs';
export {
  type AutoOffSetting,
  type AutoStartSetting,
  type Dotfiles,
  type OwnerSettings,
  type OwnSettings,
  type Resources,
  WEEKDAYS,
  type Weekday,
} from './settings';
export {
  type Cause,
  DOWN_STATES,
  type Outcome,
  STEP_NAMES,
  type StepName,
  type StepState,
  WORKSPACE_STATES,
  type WorkspacePhase,
} from './states';
export type { OwnerUsage, OwnerView, OwnerWorkspace, UsageView } from './usage';
export type {
  Answer,
  AutoOffView,
  AutoStartView,
  BuildFailure,
  BuildView,
  DeleteAnswer,
  ExplainView,
  HistoryEntry,
  ImageView,
  NextAction,
  RejectedView,
  StatusView,
  StepView,
} from './views';
