/**
 * A workflow that answers a campaign as a workspace does, without builds, for campaigns over more workspaces than a test can build. The
 * campaign's rules decide here as in a workspace.
 */
import { condition, defineQuery, setHandler, sleep } from '@temporalio/workflow';
import type { ForceRebuildInput, WorkspaceFacts } from '../../../src/contract/internal/campaign';
import { forceRebuildUpdate, requiredSignal, statusQuery } from '../../../src/contract/messages';
import { judge } from '../../../src/workflows/campaign/rules/judge';

/** When the rebuilds began and ended, in epoch milliseconds. */
export interface DoubleSpan {
  begunAt: number;
  endedAt: number | null;
}

export const spansQuery = defineQuery<DoubleSpan[]>('spans');

export interface DoubleInput {
  organization: string;
  state: 'running' | 'off';
  buildMs: number;
  fails?: boolean;
}

export async function workspace({ organization, state, buildMs, fails = false }: DoubleInput): Promise<void> {
  const spans: DoubleSpan[] = [];
  let key: string | null = null;
  let marked: string | null = null;
  const current = () => spans.at(-1);
  const isBuilding = () => current()?.endedAt === null;
  const facts = (): WorkspaceFacts => ({
    organization,
    state: isBuilding() ? 'building' : fails && spans.length > 0 ? 'error' : state,
    lastAccessAt: null,
    isForced: isBuilding(),
  });
  setHandler(spansQuery, () => spans);
  setHandler(statusQuery, () =>
    statusOf(facts(), { number: 1 + spans.length, endedAt: isBuilding() ? null : 'then', fails, marked }),
  );
  setHandler(requiredSignal, ({ reason }) => {
    marked = reason;
  });
  setHandler(forceRebuildUpdate, (input: ForceRebuildInput) => {
    if (input.key === key) return { build: 1 + spans.length, facts: facts() };
    const { verdict } = judge(facts(), { ...input, now: Date.now() });
    if (verdict !== 'rebuild') return { build: null, facts: facts() };
    key = input.key;
    spans.push({ begunAt: Date.now(), endedAt: null });
    return { build: 1 + spans.length, facts: facts() };
  });
  for (;;) {
    await condition(isBuilding);
    await sleep(buildMs);
    const span = current();
    if (span) span.endedAt = Date.now();
  }
}

/** What a campaign reads of a status, and no more. */
function statusOf(
  { organization, state, isForced }: WorkspaceFacts,
  build: { number: number; endedAt: string | null; fails: boolean; marked: string | null },
): never {
  const failure =
    build.fails && build.number > 1 && build.endedAt !== null ? { type: 'ImageInvalid', message: 'so it is' } : null;
  return {
    organization,
    state,
    autoOff: { lastAccess: null },
    build: { number: build.number, cause: isForced ? 'forced-rebuild' : 'created', endedAt: build.endedAt, failure, steps: [] },
    rebuildRequired: build.marked,
  } as never;
}
