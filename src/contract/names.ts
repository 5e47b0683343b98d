/** The names that the outside sees: namespace, queues, workflow ids, search attributes. No Temporal import, so that the pure rules may use them. */
export const NAMESPACE = 'perennial';
export const DEFAULT_ORGANIZATION = 'default';

/** Workflows and short activities. */
export const TASK_QUEUE = 'perennial';
/** Volumes and pod starts; its slots cap what hits the cluster at once. */
export const STARTS_QUEUE = 'perennial-starts';
/** All else that touches a runtime: hooks, stops, clean-up, last look, watch; never behind a start. */
export const CARE_QUEUE = 'perennial-care';

export const workspaceWorkflowId = (owner: string, name: string): string => `workspace/${owner}/${name}`;
export const organizationWorkflowId = (name: string): string => `organization/${name}`;
/** One of the workflows that keep the workspaces of a large organization. */
export const organizationPartId = (organization: string, part: number): string => `members/${organization}/${part}`;
export const watchWorkflowId = (runtime: string): string => `watch/${runtime}`;

export const SEARCH_ATTRIBUTES = {
  State: 'KEYWORD',
  Owner: 'KEYWORD',
  Organization: 'KEYWORD',
  Image: 'KEYWORD',
  Build: 'INT',
  AutoStartAt: 'DATETIME',
  AutoOffAt: 'DATETIME',
} as const;
