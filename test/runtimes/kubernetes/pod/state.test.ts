import type { V1Pod } from '@kubernetes/client-node';
import { describePod, type PodState, readPodState } from '../../../../src/runtimes/kubernetes/pod/state';
import { disrupted, LABELS, mainIs, podOf, RUNNING, seederIs, unschedulable } from '../../../support/kubernetes/pod-objects';

const ended = (reason: string, counted = true): PodState => ({ state: 'ended', reason, counted });
const exited = (exitCode: number, reason: string, message?: string) => ({
  terminated: { exitCode, reason, ...(message !== undefined && { message }) },
});
const NO_SHELL =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown';
const UNREADY = { type: 'Ready', status: 'False' };
const PREEMPTED = disrupted('PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod');
const DRAINED = disrupted('EvictionByEvictionAPI', 'Eviction API: evicting');

const CASES: [what: string, pod: V1Pod, state: PodState][] = [
  ['just made', podOf({ status: { phase: 'Pending' } }), { state: 'starting' }],
  ['without a status', podOf({}), { state: 'starting' }],
  ['without room', podOf({ status: unschedulable('0/1 nodes are available: 1 Insufficient cpu.') }), { state: 'starting' }],
  ['being created', podOf({ status: mainIs({ waiting: { reason: 'ContainerCreating' } }) }), { state: 'starting' }],
  ['seeding its home', podOf({ status: seederIs({ running: {} }) }), { state: 'starting' }],
  ['with a running container in a phase that lags', podOf({ status: mainIs({ running: {} }) }), { state: 'starting' }],
  ['running', podOf({ status: RUNNING }), { state: 'running' }],
  ['on a node that is silent', podOf({ status: mainIs({ running: {} }, 'Running', [UNREADY]) }), { state: 'running' }],
  ['about to be drained', podOf({ status: mainIs({ running: {} }, 'Running', [DRAINED]) }), { state: 'running' }],

  ['deleted by hand', podOf({ status: RUNNING, deleted: true }), ended('the pod was deleted')],
  [
    'killed by its deletion',
    podOf({ status: mainIs(exited(137, 'Error'), 'Failed'), deleted: true }),
    ended('the pod was deleted'),
  ],
  [
    'drained',
    podOf({ status: mainIs(exited(0, 'Completed'), 'Succeeded', [DRAINED]), deleted: true }),
    ended('the cluster ended it (EvictionByEvictionAPI): Eviction API: evicting', false),
  ],
  [
    'preempted',
    podOf({ status: mainIs({ running: {} }, 'Running', [PREEMPTED]), deleted: true }),
    ended(
      'the cluster ended it (PreemptionByScheduler): default-scheduler: preempting to accommodate a higher priority pod',
      false,
    ),
  ],
  [
    'of a node that is gone',
    podOf({ status: mainIs({ running: {} }, 'Failed', [disrupted('DeletionByPodGC', 'PodGC: node no longer exists')]) }),
    ended('the cluster ended it (DeletionByPodGC): PodGC: node no longer exists', false),
  ],
  [
    'of a node that was silent for too long',
    podOf({
      status: mainIs({ running: {} }, 'Running', [
        disrupted('DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'),
      ]),
      deleted: true,
    }),
    ended('the cluster ended it (DeletionByTaintManager): Taint manager: deleting due to NoExecute taint', false),
  ],
  [
    'of a node that was shut down',
    podOf({
      status: {
        ...mainIs(exited(137, 'Error'), 'Failed', [disrupted('TerminationByKubelet', 'Pod was terminated …')]),
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
      },
    }),
    ended('the cluster ended it (Terminated): Pod was terminated in response to imminent node shutdown.', false),
  ],
  [
    'on a node that ran short',
    podOf({
      status: {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: memory. ',
        conditions: [disrupted('TerminationByKubelet', 'The node was low on resource: memory. ')],
      },
    }),
    ended('the cluster ended it (Evicted): The node was low on resource: memory.'),
  ],
  [
    'that took too much of its node',
    podOf({
      status: {
        ...mainIs(exited(137, 'Error'), 'Failed'),
        reason: 'Evicted',
        message: 'Usage of EmptyDir volume "c" exceeds the limit "1Mi". ',
      },
    }),
    ended('the cluster ended it (Evicted): Usage of EmptyDir volume "c" exceeds the limit "1Mi".'),
  ],
  [
    'out of memory, before its phase says so',
    podOf({ status: mainIs(exited(137, 'OOMKilled'), 'Running') }),
    ended('out of memory (limit 64Mi)'),
  ],
  [
    'whose main process was killed',
    podOf({ status: mainIs(exited(137, 'Error'), 'Running') }),
    ended('its main process ended with exit code 137'),
  ],
  [
    'whose main process failed',
    podOf({ status: mainIs(exited(3, 'Error', 'starting\ncannot find the thing\n'), 'Failed') }),
    ended('its main process ended with exit code 3: starting; cannot find the thing'),
  ],
  [
    'whose main process just ended',
    podOf({ status: mainIs(exited(0, 'Completed'), 'Succeeded') }),
    ended('its main process ended with exit code 0'),
  ],
  [
    'without a shell',
    podOf({ status: mainIs(exited(128, 'StartError', NO_SHELL)) }),
    ended(`its main process could not be started: ${NO_SHELL}`),
  ],
  [
    'whose home could not be seeded',
    podOf({ status: seederIs(exited(1, 'Error', 'sh: mkdir:: not found\nbroke\n')) }),
    ended('its home could not be seeded (exit code 1): sh: mkdir:: not found; broke'),
  ],
  [
    'past its deadline',
    podOf({
      status: {
        ...mainIs(exited(0, 'Completed'), 'Failed'),
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    }),
    ended('the cluster ended it (DeadlineExceeded): Pod was active on the node longer than the specified deadline'),
  ],
  ...rejected('OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu, requested: 64000, used: 240, capacity: 2000"),
  ...rejected('OutOfmemory', "Pod was rejected: Node didn't have enough resource: memory, requested: 70368744177664"),
  ...rejected(
    'NodeAffinity',
    "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  ),
  [
    'whose container is nowhere to be found',
    podOf({
      status: mainIs(
        exited(137, 'ContainerStatusUnknown', 'The container could not be located when the pod was terminated'),
        'Failed',
      ),
    }),
    ended('its node lost sight of its container: The container could not be located when the pod was terminated'),
  ],
  [
    'whose node was started again',
    podOf({ status: mainIs(exited(255, 'Unknown'), 'Failed') }),
    ended('its container was gone when its node came back', false),
  ],
];

function rejected(reason: string, message: string): [string, V1Pod, PodState][] {
  return [
    [
      `refused: ${reason}`,
      podOf({ status: { phase: 'Failed', reason, message } }),
      ended(`the cluster ended it (${reason}): ${message}`),
    ],
  ];
}

describe('The state of a pod', () => {
  it.each(CASES)('is read from what the cluster says: %s.', (_what, pod, state) => {
    expect(readPodState(pod)).toEqual(state);
  });

  it('gives at most the last lines of what a process said.', () => {
    const said = `${'x'.repeat(5000)}\n${'y'.repeat(390)}\n`;
    const state = readPodState(podOf({ status: mainIs(exited(1, 'Error', said), 'Failed') }));
    expect(state).toEqual(ended(`its main process ended with exit code 1: ${'x'.repeat(8)}; ${'y'.repeat(390)}`));
  });
});

describe('A pod in the list', () => {
  const LISTED = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default', build: 3, instance: 'uid-1' };

  it('runs, with no reason.', () => {
    expect(describePod(podOf({ status: RUNNING }))).toEqual({ ...LISTED, running: true, reason: null, counted: true });
  });

  it('is not lost while it starts.', () => {
    expect(describePod(podOf({}))).toMatchObject({ running: true, reason: null });
  });

  it('has ended, with the reason and whose fault it is.', () => {
    const pod = podOf({ status: mainIs({ running: {} }, 'Running', [DRAINED]), deleted: true });
    const reason = 'the cluster ended it (EvictionByEvictionAPI): Eviction API: evicting';
    expect(describePod(pod)).toEqual({ ...LISTED, running: false, reason, counted: false });
  });

  it.each(['id', 'owner', 'name', 'organization', 'build'])('is not listed without the label %s.', (key) => {
    const { [`perennial/${key}`]: _left, ...labels } = LABELS as Record<string, string>;
    expect(describePod(podOf({ labels }))).toBeNull();
  });

  it.each(['0', '-1', '1e3', 'x', ''])('is not listed with "%s" for its build.', (build) => {
    expect(describePod(podOf({ labels: { ...LABELS, 'perennial/build': build } }))).toBeNull();
  });

  it('is not listed with a name that no workspace can have.', () => {
    expect(describePod(podOf({ labels: { ...LABELS, 'perennial/owner': 'Ada_' } }))).toBeNull();
  });
});
