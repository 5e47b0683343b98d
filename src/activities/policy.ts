/** Reading an organization's policy, and telling its workspaces of a new one. */
import { Context } from '@temporalio/activity';
import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { RuntimeFailure } from '../runtimes/failure';
import { translated } from './failure';
import type { Dependencies } from './index';
import type { Weekday } from './occurrences';
import type { Reading } from './policy-reading';

/** Everything an organization decides; durations and quantities are text, as they were set. */
export interface Policy {
  version: number;
  autoOff: { after: string; userControlled: boolean };
  autoStart: { weekdays: Weekday[]; timeZone: string | null; recentUse: string };
  images: { name: string; defaultTag: string; tags: Record<string, 'available' | 'deprecated' | 'decommissioned'> }[];
  resources: { default: Quantities; max: Partial<Quantities> | null };
  quota: {
    runningPerOwner: number | null;
    cpuPerOwner: string | null;
    memoryPerOwner: string | null;
    homesPerOwner: number | null;
    diskPerOwner: string | null;
  };
  build: { deadline: string; hookTimeout: string };
  retention: string;
  suspendedOwners: string[];
  podSecurity: 'restricted' | 'baseline';
  git: { host: string; knownHosts: string[] }[];
}

/** Kubernetes quantities. */
interface Quantities {
  cpu: string;
  memory: string;
  disk: string;
}

/** So many signals are on their way at once. */
const PUSH_CONCURRENCY = 20;

export function policyActivities({ client }: Dependencies, policies: Reading<Policy>) {
  return {
    readPolicy: ({ organization }: { organization: string }): Promise<Policy> => translated(() => policies.read(organization)),

    /** Signals every workspace given; one that has ended meanwhile needs no policy. */
    pushPolicy: ({ policy, workspaces }: { policy: Policy; workspaces: string[] }): Promise<void> =>
      translated(async () => {
        const waiting = [...workspaces];
        const sendAll = async () => {
          for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
            Context.current().heartbeat({ waitingFor: `${waiting.length} workspaces to be told` });
            await signalPolicy(client, id, policy);
          }
        };
        await Promise.all(Array.from({ length: PUSH_CONCURRENCY }, sendAll));
      }),
  };
}

/** The policy as its organization has it now. Throws `NotFound` for an unknown organization. */
export async function queryPolicy(client: Client, organization: string): Promise<Policy> {
  try {
    const { changes: _, ...policy } = await client.workflow
      .getHandle(`organization/${organization}`)
      .query<Policy & { changes: unknown }>('policy');
    return policy;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isOfAnotherKind(error)) {
      throw new RuntimeFailure(
        'NotFound',
        `organization: expected the name of one that exists, got ${JSON.stringify(organization)}`,
      );
    }
    throw new RuntimeFailure('RuntimeUnavailable', `the policy of ${organization} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The SDK has one class for whatever a query fails with; only in this case is the workflow no organization. */
function isOfAnotherKind(error: unknown): boolean {
  return error instanceof QueryNotRegisteredError && error.message.includes('did not register a handler');
}

async function signalPolicy(client: Client, workflowId: string, policy: Policy): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal('policyChanged', { policy });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
