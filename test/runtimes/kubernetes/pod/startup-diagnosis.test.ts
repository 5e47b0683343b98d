import type { CoreV1Event, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { diagnoseStartup } from '../../../../src/runtimes/kubernetes/pod/startup-diagnosis';
import { CREATED_AT, eventOf, mainIs, podOf, RUNNING, seederIs, unschedulable } from '../../../support/kubernetes/pod-objects';

const MISSING = 'e2e.local/missing:1';
const NO_DNS = `failed to do request: Head "https://e2e.local/v2/missing/manifests/1": dial tcp: lookup e2e.local: Temporary failure in name resolution`;
const DENIED = 'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope';
const NO_SHELL = 'runc create failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown';
const NO_CGROUP = 'runc create failed: unable to apply cgroup configuration: unknown';
const SUB_PATH = 'failed to prepare subPath for volumeMount "home" of container "workspace"';
const NO_NODE = '0/11 nodes are available: 1 Insufficient cpu, 10 node(s) had untolerated taint(s)';
const NO_ROOM = `${NO_NODE}. no new claims to deallocate, preemption: 0/11 nodes are available: 11 Preemption is not helpful for scheduling.`;
const IN_USE =
  '0/11 nodes are available: 1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod, 10 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/11 nodes are available.';
const UNBOUND = '0/11 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found';
const NO_CLASS = 'storageclass.storage.k8s.io "nope" not found';
const MULTI_ATTACH = `Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node and can't be attached to another`;
const NO_MOUNT = 'MountVolume.SetUp failed for volume "c" : hostPath type check failed: /nope is not a directory';
const SANDBOX =
  'Failed to create pod sandbox: runc create failed: container init was OOM-killed (memory limit too low?): unknown';
const TOO_MUCH = "Pod was rejected: Node didn't have enough resource: cpu, requested: 64000, used: 240, capacity: 2000";
const ELSEWHERE = "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";

const waiting = (reason: string, message?: string) =>
  podOf({ image: MISSING, status: mainIs({ waiting: { reason, ...(message !== undefined && { message }) } }) });
const pod = (status: V1PodStatus) => podOf({ status, image: MISSING });
const exited = (exitCode: number, message: string, reason = 'Error') => ({ terminated: { exitCode, message, reason } });
const CREATING = waiting('ContainerCreating');
const MADE = pod({ phase: 'Pending' });
const ON_NODE = pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] });
const UNHEARD = { ...ON_NODE, spec: { containers: [], ...ON_NODE.spec, nodeName: 'n1' } };
const OF_CLAIM = { kind: 'PersistentVolumeClaim', name: 'ws-w1-home', uid: 'uid-of-claim' };

/** Diagnoses the pod some seconds after its creation; the result begins with `verdict` and contains `words`. */
type Case = [what: string, pod: V1Pod, seconds: number, verdict: string, words: string, ...events: CoreV1Event[]];

const IMAGES: Case[] = [
  ['a name that is none', waiting('InvalidImageName', 'must be lowercase'), 1, 'final ImageNotFound', 'must be lowercase'],
  ['no pulls', waiting('ErrImageNeverPull', 'pull policy of Never'), 1, 'waiting for the image', 'pull policy of Never'],
  ['no such tag', waiting('ErrImagePull', `${MISSING}: not found`), 1, 'final ImageNotFound', `be pulled: ${MISSING}: not found`],
  [
    'no such platform',
    waiting('ErrImagePull', 'no match for platform in manifest: not found'),
    1,
    'final ImageInvalid',
    'platform',
  ],
  ['no name service', waiting('ErrImagePull', NO_DNS), 59, `waiting for the image ${MISSING} to be pulled`, NO_DNS],
  ['no name service for long', waiting('ErrImagePull', NO_DNS), 60, 'busy RuntimeUnavailable', NO_DNS],
  ['a pull that broke off', waiting('ErrImagePull', 'failed to copy: unexpected EOF'), 3_600, 'busy RuntimeUnavailable', 'EOF'],
  [
    'another’s image',
    waiting('ErrImagePull', DENIED),
    3_600,
    'busy RuntimeUnavailable',
    'may not be there, or need a pull secret',
  ],
  ['pulls at once', waiting('ErrImagePull', 'pull QPS exceeded'), 19, 'waiting for the image', 'pull QPS exceeded'],
  ['pulls for long', waiting('ErrImagePull', 'pull QPS exceeded'), 300, 'busy NoCapacity', 'pull QPS exceeded'],
  ['root', waiting('CreateContainerConfigError', 'breaks non-root policy'), 1, 'final ImageInvalid', 'breaks non-root policy'],
  ['a folder', waiting('CreateContainerConfigError', SUB_PATH), 59, `waiting for the image ${MISSING} to be started`, SUB_PATH],
  ['a folder for long', waiting('CreateContainerConfigError', SUB_PATH), 60, 'busy RuntimeUnavailable', SUB_PATH],
  ['no user', waiting('CreateContainerError', 'mount callback: no users found'), 1, 'final ImageInvalid', 'no users found'],
  ['no shell', pod(mainIs(exited(128, NO_SHELL, 'StartError'))), 1, 'final ImageInvalid', `be started: ${NO_SHELL}`],
  ['no shell, in the end', pod(mainIs(exited(128, NO_SHELL, 'StartError'), 'Failed')), 1, 'final ImageInvalid', NO_SHELL],
  ['no shell to seed', pod(seederIs(exited(128, NO_SHELL, 'StartError'))), 1, 'final ImageInvalid', NO_SHELL],
  ['a sick node', pod(mainIs(exited(128, NO_CGROUP, 'StartError'))), 1, 'busy RuntimeUnavailable', NO_CGROUP],
  ['another machine', pod(mainIs(exited(1, 'exec /bin/sh: exec format error'))), 1, 'final ImageInvalid', 'exec format error'],
  ['a pull', CREATING, 1, `waiting for the image ${MISSING} to be pulled`, '', eventOf('Pulling', '…')],
  [
    'a start',
    CREATING,
    1,
    `waiting for the image ${MISSING} to be started`,
    '',
    eventOf('Pulling', '…'),
    eventOf('Pulled', '…', 2),
  ],
];

const HOMES: Case[] = [
  ['the seeder', pod(seederIs({ running: {} })), 1, 'waiting for the home to be seeded', ''],
  ["another's home", pod(seederIs(exited(65, 'it belongs to uid 2000\n'))), 1, 'final ImageInvalid: it belongs to uid 2000', ''],
  ['no home', pod(seederIs(exited(66, 'no seeded home\n'), 'Failed')), 1, 'final HomeMissing: no seeded home', ''],
  ['a silent seeder', pod(seederIs(exited(66, ''), 'Failed')), 1, 'final HomeMissing', 'could not be seeded (exit code 66)'],
  ['a broken seeder', pod(seederIs(exited(1, 'a\nb\n'), 'Failed')), 1, 'busy RuntimeUnavailable', 'seeded (exit code 1): a; b'],
  [
    'another node',
    CREATING,
    59,
    'waiting for a volume to be attached',
    MULTI_ATTACH,
    eventOf('FailedAttachVolume', MULTI_ATTACH),
  ],
  ['another node for long', CREATING, 60, 'busy HomeBusy', MULTI_ATTACH, eventOf('FailedAttachVolume', MULTI_ATTACH)],
  ['a mount', CREATING, 59, `waiting for a volume to be mounted: ${NO_MOUNT}`, '', eventOf('FailedMount', NO_MOUNT)],
  ['a mount for long', CREATING, 60, 'busy RuntimeUnavailable', `mounted: ${NO_MOUNT}`, eventOf('FailedMount', NO_MOUNT)],
  [
    'full storage',
    MADE,
    60,
    'busy NoCapacity',
    'volume to be made: no space',
    eventOf('ProvisioningFailed', 'no space', 2, OF_CLAIM),
  ],
  [
    'no class',
    MADE,
    59,
    `waiting for a volume to be made: ${NO_CLASS}`,
    '',
    eventOf('ProvisioningFailed', NO_CLASS, 2, OF_CLAIM),
  ],
  [
    'no class for long',
    MADE,
    60,
    'busy RuntimeUnavailable',
    `made: ${NO_CLASS}`,
    eventOf('ProvisioningFailed', NO_CLASS, 2, OF_CLAIM),
  ],
  [
    'no volume',
    pod(unschedulable(UNBOUND)),
    20,
    'busy NoCapacity',
    UNBOUND,
    eventOf('ProvisioningFailed', NO_CLASS, 2, OF_CLAIM),
  ],
];

const NODES: Case[] = [
  ['nothing yet', MADE, 1, 'waiting for a node and the home', ''],
  ['room', pod(unschedulable(NO_ROOM)), 19, `waiting for a node with room: ${NO_NODE}`, ''],
  ['room for long', pod(unschedulable(NO_ROOM)), 20, 'busy NoCapacity: the pod still waits for a node with room', NO_NODE],
  ['a claim', pod(unschedulable('0/1: persistentvolumeclaim "x" not found.')), 1, 'waiting for a node', 'claim "x" not found'],
  ['the home of another pod', pod(unschedulable(IN_USE)), 20, 'busy HomeBusy', 'already in-use by another pod'],
  ['less than thought', pod({ phase: 'Failed', reason: 'OutOfcpu', message: TOO_MUCH }), 1, 'busy NoCapacity', TOO_MUCH],
  ['another label', pod({ phase: 'Failed', reason: 'NodeAffinity', message: ELSEWHERE }), 1, 'busy NoCapacity', ELSEWHERE],
  ['less by now', pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory.' }), 1, 'busy NoCapacity', 'low on memory'],
  ['a sandbox', CREATING, 59, `waiting for the pod's sandbox: ${SANDBOX}`, '', eventOf('FailedCreatePodSandBox', SANDBOX)],
  ['a sandbox for long', CREATING, 60, 'busy RuntimeUnavailable', SANDBOX, eventOf('FailedCreatePodSandBox', SANDBOX)],
  ['a silent node', UNHEARD, 59, 'waiting for node n1 to take the pod on', ''],
  ['a silent node for long', UNHEARD, 60, 'busy RuntimeUnavailable', 'still waits for node n1 to take the pod on'],
  ['a deleted pod', podOf({ status: RUNNING, deleted: true }), 1, 'busy RuntimeUnavailable', 'the pod was deleted'],
  ['a killed pod', pod(mainIs(exited(137, ''), 'Failed')), 1, 'busy RuntimeUnavailable', 'exit code 137'],
];

describe('What keeps a pod from running', () => {
  it.each([...IMAGES, ...HOMES, ...NODES])('is read from the cluster: %s.', (_what, pod, seconds, verdict, words, ...events) => {
    const said = verdictOf(pod, events, seconds);
    expect(said.slice(0, verdict.length)).toBe(verdict);
    expect(said).toContain(words);
  });

  it.each([
    ['cannot be pulled', { waiting: { reason: 'ErrImagePull', message: 'mesh/proxy:1: not found' } }],
    ['cannot be started', { waiting: { reason: 'CreateContainerConfigError', message: 'breaks non-root policy' } }],
  ])('never ends a build for a container that the cluster put in and that %s.', (_, state) => {
    const injected = podOf({ image: MISSING, status: mainIs({ waiting: { reason: 'ContainerCreating' } }) });
    injected.status?.containerStatuses?.unshift({ name: 'proxy', state, image: '', imageID: '', ready: false, restartCount: 0 });
    expect(verdictOf(injected, [], 59)).toMatch(/^waiting for container proxy/);
    expect(verdictOf(injected, [], 60)).toMatch(/^busy RuntimeUnavailable/);
  });

  it('is cut when it is read, from any source and at any length.', () => {
    const flood = 'x'.repeat(250_000);
    const floods = [
      waiting('ErrImagePull', flood),
      waiting('CreateContainerError', flood),
      pod(seederIs(exited(65, flood))),
      pod(seederIs(exited(1, flood), 'Failed')),
      pod({ phase: 'Failed', reason: flood, message: flood }),
      pod(unschedulable(flood)),
      podOf({ image: MISSING, status: pod(mainIs(exited(1, 'no'), 'Failed')).status ?? {}, deleted: true }),
    ];
    for (const each of floods) expect(verdictOf(each, [eventOf('FailedMount', flood)], 60).length).toBeLessThan(700);
  });

  it('ignores a failure before a later success.', () => {
    const events = [eventOf('FailedAttachVolume', MULTI_ATTACH, 5), eventOf('SuccessfulAttachVolume', 'attached', 60)];
    expect(verdictOf(CREATING, events, 600)).toBe(`waiting for the image ${MISSING} to be started`);
  });

  it('ignores events of an earlier pod of the same name, and of the claim of another.', () => {
    const events = [
      eventOf('FailedMount', 'of the one before', 1, { uid: 'uid-0' }),
      eventOf('ProvisioningFailed', 'no space', 2, { ...OF_CLAIM, name: 'ws-w2-home' }),
    ];
    expect(verdictOf(CREATING, events, 600)).toBe(`waiting for the image ${MISSING} to be started`);
  });

  it('is that of the newest event when the node only reports that it waits before the next pull.', () => {
    const older = eventOf('Failed', `Failed to pull image "${MISSING}": ${NO_DNS}`, 5);
    const newer = eventOf('Failed', `Failed to pull image "${MISSING}": ${MISSING}: not found`, 8);
    const backOff = waiting('ImagePullBackOff', `Back-off pulling image "${MISSING}"`);
    expect(verdictOf(backOff, [older, newer], 9)).toBe(
      `final ImageNotFound: the image ${MISSING} cannot be pulled: ${MISSING}: not found`,
    );
  });

  it('ends an attempt after each minute since a node was found, in text as well as in dates.', () => {
    const late = waiting('ErrImagePull', NO_DNS);
    const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: new Date(CREATED_AT + 300_000) };
    late.status = JSON.parse(JSON.stringify({ ...late.status, conditions: [scheduled] })) as V1PodStatus;
    expect(verdictOf(late, [], 359)).toMatch(/^waiting for/);
    expect(verdictOf(late, [], 360)).toMatch(/^busy RuntimeUnavailable/);
  });

  it('is said in few words, of which the last ones count.', () => {
    const said = verdictOf(waiting('ErrImagePull', `${'x'.repeat(2000)}: the end`), [], 1);
    expect(said).toHaveLength(`waiting for the image ${MISSING} to be pulled: `.length + 300);
    expect(said).toMatch(/: …x+: the end$/);
  });
});

function verdictOf(pod: V1Pod, events: CoreV1Event[], seconds: number): string {
  const { fatal, busy, waitingFor } = diagnoseStartup(pod, events, CREATED_AT + seconds * 1000);
  if (fatal) return `final ${fatal.type}: ${fatal.message}`;
  return busy ? `busy ${busy.type}: ${busy.message}` : `waiting for ${waitingFor}`;
}
