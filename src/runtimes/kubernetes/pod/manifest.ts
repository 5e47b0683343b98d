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

/** The group that may write to the volume; no image has a user in it. */
const VOLUME_GROUP = 2000;
/** Enough for the main process to signal the others and wait for them. */
const GRACE_SECONDS = 15;
/** Requests are a quarter of the CPU limit: workspaces are idle most of the time. */
const CPU_OVERCOMMIT = 4;

/** Twice what 200 secrets of 64 KiB take, as a new set is written beside the old one, and the state of hooks. */
const SECRETS_LIMIT = '64Mi';

const WARNINGS = 'perennial/warnings';
const MAX_WARNINGS = 10;
const UNPRIVILEGED_UID = 65_534;
/** As long as a slow pull may take: later attempts continue with the same pod. */
const PROBE_SECONDS = 30 * 60;

/** The input of a pod's manifest. */
export interface PodManifestInput {
  spec: PodSpec;
  /** The reference to run, by tag or digest. */
  image: string;
  facts: ImageFacts;
  /** Whether the home has to be seeded, and its owner checked, before the main container starts. */
  isNew: boolean;
  /** Sentences that the build reports, kept on the pod. */
  warnings: string[];
  settings: ClusterSettings;
}

/** The pod of one build. */
export function podManifest(input: PodManifestInput): V1Pod {
  const { spec, warnings, settings } = input;
  const body = podBody(input);
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

/** The description of a pod that runs, read from the pod alone, so that every caller gives the same. */
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

/** At most ten, each cut: a user who may edit pods may have written any text. */
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
 * The pod that inspects an image. One container runs as the image's user; where that is a name, the kubelet refuses it, and reports the
 * name. The other runs with uid 65534, so that the list of users can be read in either case.
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
      containers: [container(MAIN_CONTAINER, undefined), container(USERS_CONTAINER, UNPRIVILEGED_UID)],
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
      // The default would open each file of the home, private keys too, to its group at every start.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(isNew ? { initContainers: [seeder] } : {}),
    containers: [main],
    volumes: [
      { name: 'home', persistentVolumeClaim: { claimName: claimName(spec.id) } },
      { name: 'secrets', emptyDir: { medium: 'Memory', sizeLimit: SECRETS_LIMIT } },
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

/** The content of a digest never changes, so that a node which has it needs no registry. */
const pullPolicy = (image: string, { imagePullPolicy }: ClusterSettings): string =>
  digestOf(image) === null ? imagePullPolicy : 'IfNotPresent';

/** The capabilities that `sudo` needs to change the user and write to the audit log, and that installing packages needs. */
const FOR_SUDO = ['SETUID', 'SETGID', 'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER'];

/** `sudo` needs what `restricted` forbids; `baseline` gets exactly that, and not the container runtime's defaults. */
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

/** The identity of the user comes last, so that no variable of the workspace overrides it. */
function environment(spec: PodSpec, { user, home, shell }: ImageFacts): { name: string; value: string }[] {
  const env = { ...spec.env, HOME: home, USER: user, LOGNAME: user, SHELL: shell };
  return Object.entries(env).map(([name, value]) => ({ name, value: literal(value) }));
}

/** Kubernetes replaces `$(NAME)` by a variable, in commands and in values. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');
