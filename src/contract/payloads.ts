/** All public payloads, which `perennial/contract` exports as they stand here; each family has a file of its own. */
export type {
  CampaignFailure,
  CampaignInput,
  CampaignPhase,
  CampaignProgress,
  CampaignVerdict,
  CampaignWorkspace,
  CampaignWorkspaceState,
  CampaignWorkspacesInput,
  CampaignWorkspacesView,
} from './campaign';
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
  type Resources,
  WEEKDAYS,
  type Weekday,
} from './settings';
export {
  type Cause,
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
