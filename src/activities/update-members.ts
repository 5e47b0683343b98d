/** Forwards events of an organization to its partitions, the workflows `members`. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import pMap from 'p-map';
import { membersChangedSignal } from '../contract/messages';
import { MEMBERS_WORKFLOW, organizationPartId, TASK_QUEUE } from '../contract/names';
import type { KnownPolicy } from '../contract/policy';
import type { Dependencies } from './dependencies';
import { translated } from './failure';

/** The input of `updateMembers`. */
export interface UpdateMembersInput {
  organization: string;
  policy: KnownPolicy;
  /** For each partition its events (usage reports, and ends of workspaces) in order. */
  deliveries: { group: number; events: unknown[] }[];
}

/** Partitions signalled at once. */
const CONCURRENCY = 8;

/** The activity `updateMembers`. */
export function memberActivities({ client }: Dependencies) {
  return {
    /** Signals each partition, after starting it if necessary. Returns the partitions that could not be signalled. */
    updateMembers: (input: UpdateMembersInput): Promise<{ failed: number[] }> => translated(() => updateMembers(client, input)),
  };
}

async function updateMembers(client: Client, input: UpdateMembersInput): Promise<{ failed: number[] }> {
  const { organization, policy, deliveries } = input;
  const { log } = Context.current();
  const failed: number[] = [];
  const signal = async ({ group, events }: UpdateMembersInput['deliveries'][number]) => {
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
      log.warn('partition: signal failed', { organization, group, error });
    }
  };
  await pMap(deliveries, signal, { concurrency: CONCURRENCY });
  return { failed };
}
