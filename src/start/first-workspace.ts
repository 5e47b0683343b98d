import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Connection } from '@temporalio/client';
import { type PerennialClient, RequestFailure, type WorkspaceHandle, wrapClient } from '../client';
import { NAMESPACE } from '../contract/names';
import type { BuildView, CreateInput, StatusView, StepView } from '../contract/payloads';
import type { Say } from './progress';

const FIRST = { owner: 'you', name: 'first', by: 'you' };

export interface FirstWorkspaceSpec {
  connection: Connection;
  image: string;
  say: Say;
  signal: AbortSignal;
}

/**
 * Makes `you/first` if it does not run, and shows its first build live until that has ended, well or not. What goes wrong is
 * said and no more: the stack itself is ready all the same.
 */
export async function makeFirstWorkspace({ connection, image, say, signal }: FirstWorkspaceSpec): Promise<void> {
  const client = wrapClient(new Client({ connection, namespace: NAMESPACE }));
  const workspace = client.workspace(FIRST.owner, FIRST.name);
  try {
    const isNew = await createIfMissing(client, { ...FIRST, image });
    if (isNew) say(`making a first workspace, ${workspace.workspace}, from ${image}`);
    const before = await retryWhileAway(signal, () => workspace.status());
    if (isFirstBuildUnderWay(before)) await showFirstBuild({ workspace, say, signal });
    const status = await retryWhileAway(signal, () => workspace.status());
    say(isNew ? describeEnd(status) : `the workspace ${workspace.workspace} is there already: ${describeState(status)}`);
  } catch (error) {
    signal.throwIfAborted();
    say(`no first workspace: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function createIfMissing(client: PerennialClient, first: CreateInput): Promise<boolean> {
  try {
    await client.create(first);
    return true;
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'AlreadyExists') return false;
    throw error;
  }
}

// The worker or the server may be started again meanwhile: the build goes on when they are back, and so does this.
async function retryWhileAway<Result>(signal: AbortSignal, ask: () => Promise<Result>): Promise<Result> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RequestFailure) || error.type !== 'Unavailable') throw error;
      await delay(500, undefined, { signal });
    }
  }
}

const isFirstBuildUnderWay = ({ build, state }: StatusView): boolean =>
  build === null ? state === 'building' : build.number === 1 && build.endedAt === null;

async function showFirstBuild(given: { workspace: WorkspaceHandle; say: Say; signal: AbortSignal }): Promise<void> {
  const { workspace, say, signal } = given;
  const shown = new Map<string, string>();
  const onChange = ({ steps }: BuildView) => {
    for (const step of steps.filter(({ name, state }) => state !== 'waiting' && shown.get(name) !== state)) {
      shown.set(step.name, step.state);
      say(`  ${step.name}: ${describeStep(step)}`);
    }
  };
  await retryWhileAway(signal, () => workspace.waitForBuild(1, { onChange, signal }));
}

function describeStep({ state, startedAt, endedAt, message }: StepView): string {
  const isTimed = startedAt !== null && endedAt !== null && state !== 'skipped';
  const took = isTimed ? ` in ${((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s` : '';
  return `${state}${took}${message === null ? '' : `: ${message}`}`;
}

function describeEnd({ build, state, workspace }: StatusView): string {
  const failure = build?.failure ?? null;
  return failure === null
    ? `${workspace} is ${state}`
    : `the build of ${workspace} failed at ${failure.step}: ${failure.message}`;
}

const describeState = ({ state, image, build }: StatusView): string =>
  `${state}, image ${image.reference ?? 'not yet known'}, build ${build?.number ?? 'none'}`;
