/** `perennial org preview`: what a policy would change, by the code that the workspaces themselves decide with. Nothing is set. */
import { Command } from 'commander';
import pMap from 'p-map';
import { nextOccurrence } from '../../../activities/occurrences';
import type { PerennialClient } from '../../../client';
import { sendQuery } from '../../../client/retry';
import { queryOpenOnly } from '../../../client/workflow-end';
import { stateQuery } from '../../../contract/messages';
import { DEFAULT_ORGANIZATION, workspaceWorkflowId } from '../../../contract/names';
import type { UsageView } from '../../../contract/payloads';
import type { KnownPolicy, Policy, PolicyChange } from '../../../contract/policy';
import { quantity } from '../../../contract/quantity';
import { Refusal } from '../../../workflows/input/refusal';
import { knownPolicy, tryPolicyChange } from '../../../workflows/organization/rules/state';
import { type PlanStart, type PolicyEffect, previewPolicy } from '../../../workflows/workspace/rules/policy/preview';
import type { State } from '../../../workflows/workspace/rules/state';
import type { CliContext } from '../../context';
import { CliFailure } from '../../failure';
import { parseName } from '../../input/arguments';
import type { PolicyFields } from '../../input/policy-change';
import { addChangeOptions, type ChangeOptions, readChange } from '../../input/policy-options';
import { createLiveScreen } from '../../output/live-screen';
import { formatPreview, type PolicyPreview, type WorkspaceEffects } from '../../output/policy-effects';
import { answerOf, inSession, type Session } from '../../session';

/** Workspaces asked at once: each answer may be a replay for the worker. */
const CONCURRENCY = 16;

export function orgPreviewCommand(context: CliContext): Command {
  return addChangeOptions(new Command('preview').description('show what a change of the policy would do to each workspace'))
    .argument('[name]', 'the organization', parseName, DEFAULT_ORGANIZATION)
    .addHelpText(
      'after',
      '\nExample:\n  perennial org preview research --set autoOff.after=30m\n  perennial org preview research --policy policy.json',
    )
    .action((name: string, options: ChangeOptions, command: Command) => {
      const change = readChange(options);
      if (Object.keys(change).length === 0) command.error('error: expected a change: --set, --policy, or --file');
      return inSession({ context, command }, async (session) => {
        const preview = await previewAll(session, name, change);
        session.print({ json: preview, text: formatPreview(preview) });
        if (preview.unknown.length > 0)
          throw new CliFailure('Unavailable', `${preview.unknown.length} workspaces did not answer`);
      });
    });
}

interface Comparison {
  present: KnownPolicy;
  proposed: KnownPolicy;
  now: number;
}

async function previewAll(session: Session, name: string, change: PolicyFields): Promise<PolicyPreview> {
  const { client, context } = session;
  const organization = client.organization(name);
  const policy = await answerOf(session, organization.policy());
  const now = context.now();
  const { present, proposed, fields } = propose(name, policy, change, now);
  const list = await client.list({ organization: name });
  const found = await askEach(
    session,
    list.map(({ workspace }) => workspace),
    { present, proposed, now },
  );
  return {
    organization: name,
    version: present.version,
    fields,
    at: new Date(now).toISOString(),
    workspaces: found.answered.filter(({ changes: effects }) => effects.length > 0),
    unchanged: found.answered.filter(({ changes: effects }) => effects.length === 0).length,
    overQuota: overQuota(change.quota === undefined ? { owners: {} } : await answerOf(session, organization.usage()), proposed),
    unknown: found.unknown,
  };
}

/** The policies before and after the change. @throws CliFailure for what the organization would refuse */
function propose(name: string, { changes, ...policy }: Policy & { changes: PolicyChange[] }, change: PolicyFields, now: number) {
  try {
    const after = tryPolicyChange({ name, policy, changes }, change, now);
    const fields = after.changes.at(-1)?.fields ?? [];
    return { present: knownPolicy({ policy, changes }), proposed: knownPolicy(after), fields };
  } catch (error) {
    if (error instanceof Refusal) throw new CliFailure(error.type, error.message);
    throw error;
  }
}

async function askEach(session: Session, workspaces: string[], comparison: Comparison) {
  const answered: WorkspaceEffects[] = [];
  const unknown: PolicyPreview['unknown'] = [];
  const progress = showProgress(session, workspaces.length);
  const ask = async (workspace: string) => {
    try {
      const state = await readState(session.client, workspace);
      answered.push({ workspace, state: state.phase, changes: effectsOn(state, comparison) });
    } catch (error) {
      unknown.push({ workspace, reason: error instanceof Error ? error.message : String(error) });
    }
    progress.show(answered.length + unknown.length);
  };
  await pMap(workspaces, ask, { concurrency: CONCURRENCY }).finally(() => progress.end());
  const byName = (a: { workspace: string }, b: { workspace: string }) => a.workspace.localeCompare(b.workspace);
  return { answered: answered.sort(byName), unknown: unknown.sort(byName) };
}

function readState({ temporal }: PerennialClient, workspace: string): Promise<State> {
  const [owner = '', name = ''] = workspace.split('/');
  const handle = queryOpenOnly(temporal).getHandle(workspaceWorkflowId(owner, name));
  return sendQuery(`workspace ${workspace}`, () => handle.query(stateQuery)) as Promise<State>;
}

function effectsOn(state: State, { present, proposed, now }: Comparison): PolicyEffect[] {
  return previewPolicy(state, { present, proposed }, { now, plan: planStart });
}

/** As the activity `nextOccurrence`. */
const planStart: PlanStart = (schedule, after) => {
  try {
    return nextOccurrence(schedule, after);
  } catch (error) {
    return { because: error instanceof Error ? error.message : String(error) };
  }
};

function overQuota({ owners }: UsageView, { quota }: Policy): PolicyPreview['overQuota'] {
  const limits = [
    ['runningPerOwner', 'running'],
    ['cpuPerOwner', 'cpu'],
    ['memoryPerOwner', 'memory'],
    ['homesPerOwner', 'homes'],
    ['diskPerOwner', 'disk'],
  ] as const;
  return Object.entries(owners).flatMap(([owner, usage]) =>
    limits.flatMap(([name, of]) => {
      const limit = quota[name];
      const used = String(usage[of]);
      if (limit === null || quantity(used) <= quantity(String(limit))) return [];
      return [{ owner, quota: name, limit: String(limit), used }];
    }),
  );
}

/** On a terminal only, and not beside JSON. */
function showProgress({ context, json }: Session, total: number): { show(done: number): void; end(): void } {
  const isShown = !json && context.out.columns() !== null && total > CONCURRENCY;
  const screen = createLiveScreen(context.out);
  return {
    show: (done) => {
      if (isShown && (done % CONCURRENCY === 0 || done === total)) screen.draw([`asked ${done} of ${total} workspaces`]);
    },
    end: () => screen.end(),
  };
}
