import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { quantity } from '../../../contract/quantity';
import type { Pod, PodSpec } from '../../runtime';
import { cutEnd } from '../../text';
import type { ImageFacts } from '../image/image-facts';
import { hashOf, labelsOf, MANAGED_BY } from '../labels';
import { claimName, podName } from '../object-names';
import type { ClusterSettings } from '../settings';
import { MAIN_CONTAINER, SEED_CONTAINER, USERS_CONTAINER } from './container-status';
import { HOME_FOLDER, MAIN_SCRIPT, SEED_SCRIPT, VOLUME_PATH, WAIT_SCRIPT } from './scripts';

/** What a volume's files may be written with by whoever runs in the pod; any group that no image uses. */
const VOLUME_GROUP = 2000;
/** Enough for the main process to tell the others and wait for them. */
const GRACE_SECONDS = 15;
/** Shares are promised a quarter of their limit: workspaces are idle most of the time, and short of memory never for long. */
const CPU_OVERCOMMIT = 4;

const WARNINGS = 'perennial/warnings';
const MAX_WARNINGS = 10;
const NOBODY = 65_534;
/** As long as a slow pull may take: whoever looks in again goes on with it. */
const PROBE_SECONDS = 30 * 60;

export interface PodManifestInput {
  spec: PodSpec;
  image: string;
  facts: ImageFacts;
  /** Whether a home must be seeded, and its owner looked at, before anything runs. */
  isNew: boolean;
  warnings: string[];
  settings: ClusterSettings;
}

/** The pod of one build. */
export function podManifest(plan: PodManifestInput): V1Pod {
  const { spec, warnings, settings } = plan;
  const body = podBody(plan);
  return {
    metadata: {
      name: podName(spec.id),
      labels: labelsOf(spec, { build: spec.build, spec: body, installation: settings.installation }),
      annotations: {
        [WARNINGS]: JSON.stringify(warnings),
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      },
    },
    spec: body,
  };
}

/** What the runtime says of a pod that runs: read from the pod itself, so that whoever finds it says the same. */
export function describeStarted({ metadata, spec, status }: V1Pod): Pod {
  const main = spec?.containers.find(({ name }) => name === MAIN_CONTAINER);
  const env = Object.fromEntries((main?.env ?? []).map(({ name, value }) => [name, value]));
  const imageId = status?.containerStatuses?.find(({ name }) => name === MAIN_CONTAINER)?.imageID;
  return {
    id: metadata?.labels?.['perennial/id'] ?? '',
    build: Number(metadata?.labels?.['perennial/build']),
    instance: metadata?.uid ?? '',
    digest: digestOf(imageId) ?? digestOf(main?.image) ?? '',
    user: env.USER ?? '',
    uid: spec?.securityContext?.runAsUser ?? 0,
    home: main?.workingDir ?? '',
    warnings: warningsIn(metadata?.annotations?.[WARNINGS] ?? '[]'),
  };
}

/** Of ours there are few; anybody who may edit the pod may have written anything there. */
function warningsIn(text: string): string[] {
  try {
    const found = JSON.parse(text) as unknown;
    const all = Array.isArray(found) ? found.slice(0, MAX_WARNINGS) : [];
    return all.filter((warning) => typeof warning === 'string').map((warning) => cutEnd(warning));
  } catch {
    return [];
  }
}

/** Whether a pod was made for an image with this user, home, and shell. */
export function isMadeFor({ spec }: V1Pod, facts: ImageFacts): boolean {
  const main = spec?.containers.find(({ name }) => name === MAIN_CONTAINER);
  const shell = main?.env?.find(({ name }) => name === 'SHELL')?.value;
  const user = main?.env?.find(({ name }) => name === 'USER')?.value;
  const { runAsUser, runAsGroup } = spec?.securityContext ?? {};
  const isSameUser = user === literal(facts.user) && runAsUser === facts.uid && runAsGroup === facts.gid;
  return isSameUser && main?.workingDir === facts.home && shell === literal(facts.shell);
}

/** The digest in a reference or an image id; null when there is none. */
export function digestOf(reference: string | undefined): string | null {
  return /sha256:[0-9a-f]{64}$/.exec(reference ?? '')?.[0] ?? null;
}

/**
 * A pod that only looks into an image: one container as the image's own user, which the kubelet refuses by name where it cannot
 * tell that user from root, and one as nobody, in which the list of users can be read all the same.
 */
export function probeManifest(image: string, settings: ClusterSettings): V1Pod {
  const container = (name: string, runAsUser: number | undefined): V1Container => ({
    name,
    image,
    command: ['sh', '-c', literal(WAIT_SCRIPT)],
    imagePullPolicy: pullPolicy(image, settings),
    securityContext: { ...confined('restricted'), ...(runAsUser === undefined ? {} : { runAsUser }) },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
  });
  return {
    metadata: { name: `probe-${hashOf(image)}`, labels: MANAGED_BY },
    spec: {
      ...commonBody(settings),
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      activeDeadlineSeconds: PROBE_SECONDS,
      terminationGracePeriodSeconds: 1,
      containers: [container(MAIN_CONTAINER, undefined), container(USERS_CONTAINER, NOBODY)],
    },
  };
}

function podBody({ spec, image, facts, isNew, settings }: PodManifestInput): V1PodSpec {
  const shared = { image, imagePullPolicy: pullPolicy(image, settings), securityContext: confined(spec.podSecurity) };
  const env = environment(spec, facts);
  const seeder: V1Container = {
    ...shared,
    name: SEED_CONTAINER,
    command: ['sh', '-c', literal(SEED_SCRIPT)],
    env,
    volumeMounts: [{ name: 'home', mountPath: VOLUME_PATH }],
    resources: resourcesOf(spec, settings),
  };
  const main: V1Container = {
    ...shared,
    name: MAIN_CONTAINER,
    command: ['sh', '-c', literal(MAIN_SCRIPT)],
    env,
    workingDir: facts.home,
    volumeMounts: [
      { name: 'home', mountPath: facts.home, subPath: HOME_FOLDER },
      { name: 'secrets', mountPath: '/run/perennial' },
    ],
    resources: resourcesOf(spec, settings),
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return {
    ...commonBody(settings),
    shareProcessNamespace: true,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: facts.uid,
      runAsGroup: facts.gid,
      fsGroup: VOLUME_GROUP,
      // Else every start would open each file of the home to its group, private keys too.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(isNew ? { initContainers: [seeder] } : {}),
    containers: [main],
    volumes: [
      { name: 'home', persistentVolumeClaim: { claimName: claimName(spec.id) } },
      { name: 'secrets', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    ],
  };
}

function commonBody({ imagePullSecrets, pod }: ClusterSettings): Pick<V1PodSpec, Exclude<keyof V1PodSpec, 'containers'>> {
  const { ephemeralStorage: _, ...placement } = pod;
  return {
    ...placement,
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

/** What a digest stands for never changes, so that a registry that is away keeps nobody from what a node has. */
const pullPolicy = (image: string, { imagePullPolicy }: ClusterSettings): string =>
  digestOf(image) === null ? imagePullPolicy : 'IfNotPresent';

/** What `sudo` needs to become another user and to say so to the kernel's audit, and what installing packages needs then. */
const FOR_SUDO = ['SETUID', 'SETGID', 'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER'];

/** `sudo` needs what `restricted` forbids; nobody gets more than that, by what a container runtime gives of itself. */
function confined(level: PodSpec['podSecurity']): NonNullable<V1Container['securityContext']> {
  return level === 'baseline'
    ? { allowPrivilegeEscalation: true, capabilities: { drop: ['ALL'], add: FOR_SUDO } }
    : { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
}

function resourcesOf(
  { resources: { cpu, memory } }: PodSpec,
  { pod: { ephemeralStorage: { request, limit } = {} } }: ClusterSettings,
): NonNullable<V1Container['resources']> {
  const storage = (text: string | undefined) => (text === undefined ? {} : { 'ephemeral-storage': text });
  return { limits: { cpu, memory, ...storage(limit) }, requests: { cpu: shareOf(cpu), memory, ...storage(request) } };
}

function shareOf(cpu: string): string {
  return `${Math.max(1, Math.ceil((quantity(cpu) * 1000) / CPU_OVERCOMMIT))}m`;
}

/** The workspace's own first, so that what says who and where one is cannot be anything else. */
function environment(spec: PodSpec, { user, home, shell }: ImageFacts): { name: string; value: string }[] {
  const env = { ...spec.env, HOME: home, USER: user, LOGNAME: user, SHELL: shell };
  return Object.entries(env).map(([name, value]) => ({ name, value: literal(value) }));
}

/** Kubernetes would put variables in the place of `$(NAME)`, in commands as in values. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');
