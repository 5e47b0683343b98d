/** Schemas of what the gateway answers, checked against the types of the contract by the compiler. */
import { z } from 'zod';
import type { PendingStep, WorkspaceSummary } from '../../client';
import type {
  Answer,
  AutoOffView,
  AutoStartView,
  BuildView,
  DeleteAnswer,
  ExplainView,
  StatusView,
  StepView,
} from '../../contract/payloads';
import { STEP_NAMES, WEEKDAYS, WORKSPACE_STATES } from '../../contract/payloads';

const instant = z.string().describe('ISO 8601 in UTC');
const state = z.enum(WORKSPACE_STATES);
const text = z.string().nullable();
const cause = z.enum([
  'created',
  'manual-start',
  'manual-stop',
  'manual-rebuild',
  'forced-rebuild',
  'auto-start',
  'auto-off',
  'build-finished',
  'build-failed',
  'build-cancelled',
  'pod-lost',
  'policy',
  'delete',
  'restore',
  'purge',
]);
const outcome = z.enum(['accepted', 'merged', 'already']);

const step = z.looseObject({
  name: z.enum(STEP_NAMES),
  state: z.enum(['waiting', 'running', 'done', 'skipped', 'warning', 'failed', 'cancelled']),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  attempt: z.int(),
  message: text,
  lastLines: z.array(z.string()).exactOptional().describe('The last lines of a step that has ended, masked'),
}) satisfies z.ZodType<StepView>;

const build = z.looseObject({
  number: z.int(),
  cause,
  by: text,
  image: z.looseObject({ reference: z.string(), digest: text }),
  startedAt: instant,
  endedAt: instant.nullable(),
  steps: z.array(step),
  warnings: z.array(z.string()),
  failure: z.looseObject({ type: z.string(), message: z.string(), step: z.enum(STEP_NAMES) }).nullable(),
  replacedBy: z.int().exactOptional(),
}) satisfies z.ZodType<BuildView>;

const autoOff = z.looseObject({
  at: instant.nullable(),
  after: text,
  source: z.enum(['organization', 'workspace']).nullable(),
  lastAccess: z.looseObject({ at: instant, via: z.string() }).nullable(),
}) satisfies z.ZodType<AutoOffView>;

const autoStart = z.looseObject({
  at: instant.nullable(),
  beginsAt: instant.nullable(),
  time: text,
  timeZone: text,
  weekdays: z.array(z.enum(WEEKDAYS)).nullable(),
  blockedBecause: text,
}) satisfies z.ZodType<AutoStartView>;

export const statusAnswer: z.ZodType<StatusView> = z.looseObject({
  workspace: z.string().describe('owner/name'),
  id: z.string(),
  organization: z.string(),
  state,
  since: instant,
  purgeAt: instant.nullable(),
  image: z.looseObject({ reference: text, digest: text }),
  resources: z.looseObject({ cpu: text, memory: text, disk: text }),
  env: z.record(z.string(), z.string()),
  dotfiles: z.looseObject({ uri: z.string(), ref: z.string().exactOptional() }).nullable(),
  build: build.nullable(),
  autoOff,
  autoStart: autoStart.nullable(),
  rebuildRequired: text,
  secrets: z.array(z.looseObject({ name: z.string(), scope: z.enum(['owner', 'organization']), version: z.int() })),
  sshKey: text.describe("The fingerprint of the owner's key in the pod"),
  rejected: z.looseObject({
    count: z.int(),
    last: z.looseObject({ at: instant, name: z.string(), reason: z.string() }).nullable(),
  }),
  policyVersion: z.int().nullable(),
});

export const explainAnswer: z.ZodType<ExplainView> = z.looseObject({
  why: z.string(),
  next: z.array(z.looseObject({ at: instant, what: z.enum(['start', 'stop', 'rebuild', 'purge']), because: z.string() })),
  wouldChange: z.array(z.string()),
  history: z.array(z.looseObject({ at: instant, from: state, to: state, cause, by: text, rule: text, evidence: text })),
});

/** A build, with what only the gateway adds. */
export type BuildAnswer = BuildView & { pending: PendingStep | null; requested?: number };

export const buildAnswer: z.ZodType<BuildAnswer> = build.extend({
  pending: z
    .looseObject({ attempt: z.int(), waitingFor: text, lastFailure: text })
    .nullable()
    .describe('What the running step waits for; null: no step of this build runs'),
  requested: z.int().exactOptional().describe('The number that was asked for, where the build of this answer replaced it'),
});

export const requestAnswer: z.ZodType<Answer> = z.looseObject({ outcome, state, build: z.int().nullable() });

export const deleteAnswer: z.ZodType<DeleteAnswer> = z.looseObject({ outcome, state, purgeAt: instant.nullable() });

export const pingAnswer = z.object({
  outcome: z.enum(['forwarded', 'held']).describe('held: it is forwarded within 30 s, with its own time'),
});

export const listAnswer: z.ZodType<WorkspaceSummary[]> = z.array(
  z.looseObject({
    workspace: z.string().describe('owner/name'),
    state,
    image: text,
    build: z.int().nullable(),
    organization: z.string(),
    autoStartAt: instant.nullable(),
    autoOffAt: instant.nullable(),
  }),
);

export const errorAnswer = z.object({ error: z.object({ type: z.string(), message: z.string() }) });

for (const [id, schema] of Object.entries({
  Status: statusAnswer,
  Explanation: explainAnswer,
  Build: buildAnswer,
  Answer: requestAnswer,
  DeleteAnswer: deleteAnswer,
  Workspaces: listAnswer,
  Error: errorAnswer,
}))
  z.globalRegistry.add(schema, { id });

const REFUSALS = {
  400: 'InvalidRequest',
  401: 'No valid token',
  403: 'NotAllowed: the scope or the policy forbids it',
  404: 'What the caller may not see, and what does not exist',
  413: 'The body is too large',
  415: 'The body is not JSON',
  429: 'Too many calls; Retry-After says when to try again',
  500: 'Failed',
  503: 'Temporal, the worker, or the runtime does not answer',
} as const;

/** A result that is not JSON. */
interface OtherContent {
  description: string;
  content: Record<string, { schema: z.ZodType }>;
}

/** The errors that a route may answer, with its result. */
export function withErrors<Results extends Record<number, z.ZodType | OtherContent>>(results: Results) {
  const errors = Object.fromEntries(
    Object.entries(REFUSALS).map(([status, description]) => [status, errorAnswer.describe(description)]),
  ) as Record<keyof typeof REFUSALS, typeof errorAnswer>;
  return { ...errors, ...results };
}
