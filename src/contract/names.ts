/** The names that callers see: namespace, queues, workflow types and ids, search attributes. Without a Temporal import, so that pure rules may use them. */

/** The default Temporal namespace. */
export const NAMESPACE = 'perennial';
/** The organization of a workspace whose input names none; it always exists. */
export const DEFAULT_ORGANIZATION = 'default';

/** Task queue of workflows and short activities. */
export const TASK_QUEUE = 'perennial';
/** Task queue of volumes and pod starts; its slots cap the load on the cluster. */
export const STARTS_QUEUE = 'perennial-starts';
/** Task queue of all else that touches a runtime: hooks, stops, clean-up, last look, watch. It never waits behind a start. */
export const CARE_QUEUE = 'perennial-care';

/** Workflow type of one workspace, from creation until its home is purged. */
export const WORKSPACE_WORKFLOW = 'workspace';
/** Workflow type of one organization: its policy and what its workspaces use. */
export const ORGANIZATION_WORKFLOW = 'organization';
/** Internal workflow type of a part of a large organization, which counts the workspaces of some of its owners. */
export const MEMBERS_WORKFLOW = 'members';
/** Workflow type of one paced rebuild of many workspaces. */
export const CAMPAIGN_WORKFLOW = 'campaign';
/** Workflow type of one owner in one organization: own settings, and the ledger of what is in use. */
export const OWNER_WORKFLOW = 'owner';
/** Workflow type that compares the pods that run with the pods that should. */
export const WATCH_WORKFLOW = 'watch';

const NAME_SOURCE = '[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?';
/** A name of an owner, a workspace, or an organization: 1 to 40 of `a-z`, `0-9`, `-`, with a letter or digit at both ends. */
export const NAME = new RegExp(`^${NAME_SOURCE}$`);
const WORKSPACE_ID = new RegExp(`^${WORKSPACE_WORKFLOW}/(${NAME_SOURCE})/${NAME_SOURCE}$`);

/** The id of a workspace's workflow: `workspace/<owner>/<name>`. */
export const workspaceWorkflowId = (owner: string, name: string): string => `${WORKSPACE_WORKFLOW}/${owner}/${name}`;
/** The id of an organization's workflow: `organization/<name>`. */
export const organizationWorkflowId = (name: string): string => `${ORGANIZATION_WORKFLOW}/${name}`;
/** The id of a part of a large organization; `part` counts from 0, and may be a pattern in texts. */
export const organizationPartId = (organization: string, part: number | string): string =>
  `${MEMBERS_WORKFLOW}/${organization}/${part}`;
/** The id of a campaign's workflow: `campaign/<organization>/<id>`. */
export const campaignWorkflowId = (organization: string, id: string): string => `${CAMPAIGN_WORKFLOW}/${organization}/${id}`;
/** The id of an owner's workflow: `owner/<organization>/<owner>`. */
export const ownerWorkflowId = (organization: string, owner: string): string => `${OWNER_WORKFLOW}/${organization}/${owner}`;
/** The id of the watch of one runtime: `watch/<runtime>`. */
export const watchWorkflowId = (runtime: string): string => `${WATCH_WORKFLOW}/${runtime}`;

/** The owner in a workspace's workflow id; null for any other text. */
export const ownerOfWorkflowId = (workflowId: string): string | null => WORKSPACE_ID.exec(workflowId)?.[1] ?? null;

/** `owner/name` of a workspace's workflow id. */
export const workspaceOfWorkflowId = (workflowId: string): string => workflowId.slice(WORKSPACE_WORKFLOW.length + 1);

/** The activity types of a build and its clean-up, whose heartbeats say what a step waits for. */
export const BUILD_ACTIVITIES = [
  'admit',
  'prepareHome',
  'startPod',
  'awaitPod',
  'injectSecrets',
  'runHookStep',
  'stopPod',
] as const;

/** The search attributes of a workspace's workflow, with their types. `AutoOffAt` is the earliest auto-off as last armed. */
export const SEARCH_ATTRIBUTES = {
  State: 'KEYWORD',
  Owner: 'KEYWORD',
  Organization: 'KEYWORD',
  Image: 'KEYWORD',
  Build: 'INT',
  AutoStartAt: 'DATETIME',
  AutoOffAt: 'DATETIME',
} as const;
