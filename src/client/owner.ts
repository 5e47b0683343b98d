import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { configureOwnerUpdate, ownerStatusQuery } from '../contract/messages';
import { OWNER_WORKFLOW, ownerWorkflowId, TASK_QUEUE } from '../contract/names';
import type { ConfigureOwnerInput, OwnerView } from '../contract/payloads';
import { RequestFailure } from './failure';
import { organizationHandle } from './organization';
import { sendQuery, sendUpdate } from './retry';
import { queryOpenOnly } from './workflow-end';

/**
 * One person in one organization: the person's own settings, and the quota in use. Every method rejects with a `RequestFailure`: besides
 * the types named at each, of type `NotFound` where the organization does not exist, `Unavailable` where Temporal or the worker does not
 * answer, and `Failed` for anything else.
 */
export interface OwnerHandle {
  /** The organization's name. */
  organization: string;
  /** The owner's name. */
  owner: string;

  /**
   * The settings, what all workspaces of the owner use together, and each of them. Of an owner without a workspace and settings, none.
   *
   * ```ts
   * const { usage, quota } = await client.owner('default', 'ada').status();
   * ```
   */
  status(): Promise<OwnerView>;

  /**
   * Changes the settings, and answers the new status. Null clears a field. Workspaces that set nothing of their own have a new schedule
   * within seconds, and new dotfiles with their next build.
   *
   * @throws `InvalidRequest` for a wrong field; the message names it.
   *
   * ```ts
   * await client.owner('default', 'ada').configure({ autoStart: { time: '08:30', timeZone: 'Europe/Berlin' }, by: 'ada' });
   * ```
   */
  configure(change: ConfigureOwnerInput): Promise<OwnerView>;
}

/** A handle of an owner, whose workflow need not exist yet. */
export function ownerHandle(client: Client, organization: string, owner: string): OwnerHandle {
  const workflowId = ownerWorkflowId(organization, owner);
  const subject = `owner ${owner} in ${organization}`;
  const queries = queryOpenOnly(client).getHandle(workflowId);
  // The workflow is made when first needed, but not in an organization that does not exist.
  const checkOrganization = () => organizationHandle(client, organization).policy();
  return {
    organization,
    owner,
    async status() {
      try {
        return await sendQuery(subject, () => queries.query(ownerStatusQuery));
      } catch (error) {
        if (!(error instanceof RequestFailure && error.cause instanceof WorkflowNotFoundError)) throw error;
        await checkOrganization();
        return statusOfNew(organization, owner);
      }
    },
    async configure(change) {
      await checkOrganization();
      return sendUpdate(subject, (updateId) => {
        const startWorkflowOperation = new WithStartWorkflowOperation(OWNER_WORKFLOW, {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [{ organization, owner }],
          workflowIdConflictPolicy: 'USE_EXISTING',
        });
        const options = { args: [change] as [ConfigureOwnerInput], updateId, startWorkflowOperation };
        return client.workflow.executeUpdateWithStart(configureOwnerUpdate, options);
      });
    },
  };
}

/** What the workflow of an owner answers first. */
function statusOfNew(organization: string, owner: string): OwnerView {
  return {
    owner,
    organization,
    settings: { dotfiles: null, autoStart: null },
    changed: null,
    usage: { running: 0, homes: 0, cpu: '0', memory: '0', disk: '0' },
    quota: null,
    workspaces: [],
  };
}
