import { existsSync } from 'node:fs';
import path from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import { installationOf } from '../client/installation';
import { watchWorkflowId } from '../contract/names';
import { isClosed } from '../contract/workflow-status';
import type { Runtime } from '../runtimes/runtime';
import { checkInstallation } from '../runtimes/sandbox';
import { CliFailure } from './failure';
import type { Session } from './session';

/**
 * Does work on the runtime that holds a home; `null` stands for a runtime that cannot be reached from here.
 * @throws NotAllowed when DIR belongs to another Temporal namespace than that of the command
 */
export async function withRuntimeOf<T>(session: Session, id: string, work: (runtime: Runtime | null) => Promise<T>): Promise<T> {
  if (existsSync(path.join(session.dir, 'homes', id))) return withOpened(await openSandbox(session), work);
  const cluster = await openServingCluster(session);
  return cluster === null ? work(null) : withOpened(cluster, work);
}

/** Does work on the runtime that serves the namespace, then lets go of it; what runs there lives on. */
export async function withRuntime<T>(session: Session, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const cluster = await openServingCluster(session);
  return withOpened(cluster ?? (await openSandbox(session)), work);
}

async function openServingCluster(session: Session): Promise<Runtime | null> {
  const { context, client } = session;
  return context.openCluster !== null && (await isServedByCluster(session)) ? context.openCluster(client.temporal) : null;
}

/** Whether a cluster serves the namespace, whose watch names the runtime. */
export async function isServedByCluster({ client }: Session): Promise<boolean> {
  try {
    const { status } = await client.temporal.workflow.getHandle(watchWorkflowId('kubernetes')).describe();
    return !isClosed(status);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The homes of DIR are checked against its own Temporal namespace only, whichever server the environment names. */
async function openSandbox({ context, client, dir }: Session): Promise<Runtime> {
  // Opening a runtime on a wrong folder would make one there.
  if (!existsSync(path.join(dir, 'homes'))) {
    throw new CliFailure(
      'NotFound',
      `${dir}: expected the folder of an embedded stack (--dir or PERENNIAL_DIR), got one without homes`,
    );
  }
  await checkInstallation(dir, await installationOf(client.temporal));
  return await context.openRuntime({ dir, images: context.settings.images });
}

async function withOpened<T>(runtime: Runtime, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}
