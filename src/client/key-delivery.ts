import pMap from 'p-map';
import type { PerennialClient, WorkspaceSummary } from '../client';

/** Which running workspaces of an owner have a key, by what each pod itself reported. */
export interface KeyDelivery {
  /** `owner/name` of the workspaces that have it, by name. */
  delivered: string[];
  /** The workspaces that still have another key, or do not answer. */
  holding: string[];
}

/** What `awaitKeyDelivery` waits for, and how. */
export interface KeyWait {
  owner: string;
  /** Of the new key, `SHA256:…`. */
  fingerprint: string;
  withinMs: number;
  /** A clock in milliseconds. */
  now(): number;
  pause(durationMs: number): Promise<void>;
}

type Workspaces = Pick<PerennialClient, 'list' | 'workspace'>;

const POLL_MS = 1_000;
const AT_ONCE = 20;

/** Waits until no running workspace of the owner has another key, or the time is over. Workspaces without a key do not count. */
export async function awaitKeyDelivery(client: Workspaces, wait: KeyWait): Promise<KeyDelivery> {
  const until = wait.now() + wait.withinMs;
  for (;;) {
    const delivery = await readDelivery(client, wait);
    if (delivery.holding.length === 0 || wait.now() >= until) return delivery;
    await wait.pause(POLL_MS);
  }
}

async function readDelivery(client: Workspaces, { owner, fingerprint }: KeyWait): Promise<KeyDelivery> {
  const workspaces = await client.list({ owner, state: 'running' });
  const delivery: KeyDelivery = { delivered: [], holding: [] };
  const read = async ({ workspace }: WorkspaceSummary) => {
    const key = await readKey(client, workspace);
    if (key !== null) delivery[key === fingerprint ? 'delivered' : 'holding'].push(workspace);
  };
  await pMap(workspaces, read, { concurrency: AT_ONCE });
  return { delivered: delivery.delivered.sort(), holding: delivery.holding.sort() };
}

/** The fingerprint of the key in the pod; null without a pod or a key, empty where it is not known. */
async function readKey(client: Workspaces, workspace: string): Promise<string | null> {
  const [owner = '', name = ''] = workspace.split('/');
  try {
    const { state, sshKey } = await client.workspace(owner, name).status();
    return state === 'running' ? sshKey : null;
  } catch (error) {
    return isGone(error) ? null : '';
  }
}

const isGone = (error: unknown): boolean => (error as { type?: unknown }).type === 'NotFound';
