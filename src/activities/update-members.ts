/** Passing on to the parts of an organization what concerns them. */

import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { membersChangedSignal } from '../contract/messages';
import { MEMBERS_WORKFLOW, organizationPartId, TASK_QUEUE } from '../contract/names';
import type { KnownPolicy } from '../contract/policy';
import type { Dependencies } from './dependencies';
import { translated } from './failure';

export interface UpdateMembersInput {
  organization: string;
  policy: KnownPolicy;
  /** The events, reports of workspaces among them, that each part is to take, in their order. */
  deliveries: { group: number; events: unknown[] }[];
}

/** So many parts are signalled at once. */
const AT_ONCE = 8;

export function memberActivities({ client }: Dependencies) {
  return {
    /** Signals each part, and starts it where it is not there. Answers the parts that could not be signalled. */
    updateMembers: (input: UpdateMembersInput): Promise<{ failed: number[] }> => translated(() => updateMembers(client, input)),
  };
}

async function updateMembers(client: Client, input: UpdateMembersInput): Promise<{ failed: number[] }> {
  const { organization, policy, deliveries } = input;
  const { log } = Context.current();
  const waiting = [...deliveries];
  const failed: number[] = [];
  const sendAll = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { group, events } = next;
      try {
        await client.workflow.signalWithStart(MEMBERS_WORKFLOW, {
          workflowId: organizationPartId(organization, group),
          taskQueue: TASK_QUEUE,
          args: [{ organization, part: group }],
          signal: membersChangedSignal,
          signalArgs: [{ policy, events }],
        });
      } catch (error) {
        failed.push(group);
        log.warn('a part of the organization could not be signalled', { organization, group, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendAll));
  return { failed };
}
