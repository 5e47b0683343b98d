/** The first step of a build: the present policy, and what the build needs reserved in its owner's ledger. */
import type { KnownOwner } from '../../contract/internal/ledger';
import type { Resources } from '../../contract/payloads';
import { type KnownPolicy, policyForOwner } from '../../contract/policy';
import { quantity } from '../../contract/quantity';
import { untilAborted } from '../../hooks/until-aborted';
import { RuntimeFailure } from '../../runtimes/failure';
import type { PolicyReader } from '../policy-reader';
import { type Deadline, runStep } from '../run-step';
import type { Reserve } from './reserve';

/** The input of `admit`. */
export interface AdmitInput {
  organization: string;
  deadline: Deadline;
  /** The build that asks; absent in builds that an earlier version began. */
  request?: AdmitRequest;
}

/** What the ledger is asked for. */
export interface AdmitRequest {
  owner: string;
  name: string;
  id: string;
  /** When the workspace was created, in epoch milliseconds. */
  bornAt: number;
  build: number;
  /** The resources of the build under the policy that its workspace knows. */
  resources: Resources;
  /** That policy. */
  policy: { version: number; changedAt: number };
  /** The workspace's own resources, from which those under another policy follow. */
  own: Partial<Resources>;
  /** The disk of its home, which never shrinks; null without a home. */
  homeDisk: string | null;
}

/** What a build was admitted with. */
export interface Admission {
  policy: KnownPolicy;
  /** Whether there is anything that keeps secrets. */
  injects: boolean;
  /** The settings of the workspace's owner. Absent where the build asked for nothing. */
  owner?: KnownOwner;
  /** What is reserved for the build, which has exactly that. Absent where it asked for nothing. */
  reserved?: Resources;
}

/** The activity `admit`. */
export function admitActivities(policies: PolicyReader<KnownPolicy>, reserve: Reserve, injects: boolean) {
  return {
    /** Reads the present policy, which the whole build goes by, and reserves quota. Safe to repeat: a build reserves once. */
    admit: (input: AdmitInput) =>
      runStep(
        { deadline: input.deadline, waitingFor: `the policy of ${input.organization}` },
        async (progress): Promise<Admission> => {
          const { organization, request } = input;
          const policy = await untilAborted(progress.signal, () => policies.read(organization));
          if (!request) return { policy, injects };
          progress.waitingFor(`the quota of ${request.owner}`);
          return {
            policy: policyForOwner(policy, request.owner),
            injects,
            ...(await untilAborted(progress.signal, () => ask(reserve, { organization, request }, policy))),
          };
        },
      ),
  };
}

async function ask(
  reserve: Reserve,
  { organization, request }: { organization: string; request: AdmitRequest },
  policy: KnownPolicy,
): Promise<Pick<Admission, 'owner' | 'reserved'>> {
  const { owner, name, id, bornAt, build } = request;
  const resources = resourcesUnder(policy, request);
  const { answer, settings } = await reserve({ organization, owner, name, id, bornAt, build, resources }, policy);
  switch (answer.outcome) {
    case 'granted':
      return { owner: settings, reserved: isSame(answer.reserved, resources) ? resources : answer.reserved };
    case 'refused':
      throw new RuntimeFailure('QuotaExceeded', answer.message, { details: { home: answer.home } });
    case 'stale':
      throw new RuntimeFailure('StaleBuild', `build ${answer.build} is known to the ledger of ${owner}`, {
        details: { found: answer.build },
      });
  }
}

/** As the workspace computes them under this policy, so that what is reserved is what the build gets. */
function resourcesUnder(policy: KnownPolicy, { resources, policy: known, own, homeDisk }: AdmitRequest): Resources {
  if (policy.version === known.version && (policy.changedAt ?? 0) === known.changedAt) return resources;
  const wanted = { ...policy.resources.default, ...own };
  return homeDisk !== null && quantity(wanted.disk) < quantity(homeDisk) ? { ...wanted, disk: homeDisk } : wanted;
}

/** `1000m` is `1`: the workspace's own text is kept. */
function isSame(a: Resources, b: Resources): boolean {
  return (['cpu', 'memory', 'disk'] as const).every((key) => quantity(a[key]) === quantity(b[key]));
}
