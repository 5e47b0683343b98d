import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { FinalType, TemporaryType } from '../../../contract/failure-types';
import { cutStart } from '../../text';
import { isFaultOfImage, START_REASONS } from './container-start-error';
import {
  conditionOf,
  containersOf,
  epochMs,
  failedSeeding,
  imageOf,
  isOwnContainer,
  MAIN_CONTAINER,
  mainStatus,
  SEED_CONTAINER,
} from './container-status';
import { newestFirst } from './events';
import { judgePull, PULL_REASONS, pullError } from './image-pull-error';
import { readPodState } from './state';

/** The state of a pod that does not run yet: its next condition, and whether to wait on. */
export interface Diagnosis {
  /** The object of the words `waiting for`. */
  waitingFor: string;
  /** A failure that waiting cannot change: the build ends. Null where it can. */
  fatal: { type: FinalType; message: string } | null;
  /** A failure that may pass: this attempt ends to free its slot, and the start is retried. Null while this attempt waits. */
  busy: { type: TemporaryType; message: string } | null;
}

/** How long one attempt waits for a node with room before others get its slot. */
const NO_ROOM_MS = 20_000;
/** Detaching a volume from a node and attaching it to another takes tens of seconds without a fault. */
const HELD_MS = 60_000;
/** The kubelet retries by itself, and the next attempt finds the result. */
const PULL_MS = 60_000;

/** Diagnoses why a pod does not run yet, from its status and the events of the pod and its claims. */
export function diagnoseStartup(pod: V1Pod, events: CoreV1Event[], nowMs: number): Diagnosis {
  const placed = conditionOf(pod, 'PodScheduled');
  const created = epochMs(pod.metadata?.creationTimestamp) ?? nowMs;
  const since = (placed?.status === 'True' ? epochMs(placed.lastTransitionTime) : null) ?? created;
  const start = { pod, events: newestFirst(pod, events), ageMs: nowMs - created, onNodeMs: nowMs - since };
  const found =
    diagnoseEnd(start) ?? diagnoseContainers(start) ?? diagnoseStep(start) ?? diagnoseScheduling(start) ?? diagnoseSilence(start);
  return found ?? waitFor(nextStep(start));
}

interface Start {
  pod: V1Pod;
  /** Newest first. */
  events: CoreV1Event[];
  /** Milliseconds since the creation of the pod. */
  ageMs: number;
  /** Milliseconds since the pod has a node, or before that since its creation. */
  onNodeMs: number;
}

const waitFor = (waitingFor: string): Diagnosis => ({ waitingFor, fatal: null, busy: null });
const giveUp = (type: FinalType, message: string): Diagnosis => ({ waitingFor: 'nothing', fatal: { type, message }, busy: null });
const retry = (type: TemporaryType, message: string): Diagnosis => ({ ...waitFor('another attempt'), busy: { type, message } });
/** Waits for a while, and then frees the slot for others. */
const waitWhile = (isEarly: boolean, waitingFor: string, type: TemporaryType): Diagnosis =>
  isEarly ? waitFor(waitingFor) : { waitingFor, fatal: null, busy: { type, message: `the pod still waits for ${waitingFor}` } };

/** The pod ended before it ran: because of its node, the home's seeder, or the image. */
function diagnoseEnd({ pod }: Start): Diagnosis | null {
  const state = readPodState(pod);
  if (state.state !== 'ended') return null;
  const retryAs = (type: TemporaryType) => retry(type, `the pod ended before it ran: ${state.reason}`);
  if (pod.metadata?.deletionTimestamp !== undefined) return retryAs('RuntimeUnavailable');
  if (isRejectedByNode(pod)) return retryAs('NoCapacity');
  const end = failedSeeding(pod) ?? mainStatus(pod)?.state?.terminated;
  const message = shorten(end?.message ?? '');
  const type = TYPE_BY_EXIT_CODE[end?.exitCode ?? 0];
  if (type) return giveUp(type, message === '' ? state.reason : message);
  if (isFaultOfImage(end?.reason ?? '', message)) {
    return giveUp('ImageInvalid', `the image ${imageOf(pod, MAIN_CONTAINER)} cannot be started: ${message}`);
  }
  return retryAs('RuntimeUnavailable');
}

/** Exit codes of the scripts in the pod: files that belong to another user or cannot be copied, and a home that is gone. */
const TYPE_BY_EXIT_CODE: Record<number, FinalType> = { 65: 'ImageInvalid', 66: 'HomeMissing' };

/** The node had less room than the scheduler assumed, or has run out of it. */
function isRejectedByNode({ status }: V1Pod): boolean {
  return /^Pod was rejected/.test(status?.message ?? '') || /^(?:OutOf\w+|NodeAffinity|Evicted)$/.test(status?.reason ?? '');
}

/** The first container, in the order of their start, that cannot start. */
function diagnoseContainers(start: Start): Diagnosis | null {
  for (const { name, state } of containersOf(start.pod)) {
    const { reason = '', message = '' } = state?.waiting ?? {};
    const image = `the image ${imageOf(start.pod, name)}`;
    const found = diagnoseContainer(start, image, { reason, message });
    // An injected container is the administrators' to repair, and proves nothing about the workspace's image.
    if (found !== null)
      return isOwnContainer(name)
        ? found
        : waitWhile(start.onNodeMs < HELD_MS, `container ${name}: ${shorten(message)}`, 'RuntimeUnavailable');
  }
  return null;
}

interface Waiting {
  reason: string;
  message: string;
}

function diagnoseContainer(start: Start, image: string, { reason, message }: Waiting): Diagnosis | null {
  if (reason === 'InvalidImageName') return giveUp('ImageNotFound', `${image} cannot be pulled: ${shorten(message)}`);
  if (PULL_REASONS.has(reason)) return diagnosePull(start, image, pullError(message, start.events));
  return START_REASONS.test(reason) ? diagnoseContainerStart(start, image, { reason, message }) : null;
}

function diagnosePull({ onNodeMs }: Start, image: string, error: string): Diagnosis {
  const verdict = judgePull(error);
  if (verdict === 'missing') return giveUp('ImageNotFound', `${image} cannot be pulled: ${shorten(error)}`);
  if (verdict === 'unfit') return giveUp('ImageInvalid', `${image} cannot be run: ${shorten(error)}`);
  if (verdict === 'throttled') {
    return waitWhile(onNodeMs < NO_ROOM_MS, `${image} to be pulled: ${shorten(error)}`, 'NoCapacity');
  }
  const doubt = verdict === 'denied' ? ', which may not be there, or need a pull secret,' : '';
  return waitWhile(onNodeMs < PULL_MS, `${image}${doubt} to be pulled: ${shorten(error)}`, 'RuntimeUnavailable');
}

function diagnoseContainerStart({ onNodeMs }: Start, image: string, { reason, message }: Waiting): Diagnosis {
  if (isFaultOfImage(reason, message)) return giveUp('ImageInvalid', `${image} cannot be started: ${shorten(message)}`);
  return waitWhile(onNodeMs < HELD_MS, `${image} to be started: ${shorten(message)}`, 'RuntimeUnavailable');
}

/** The last step for the pod failed: its volume, or its sandbox. */
function diagnoseStep(start: Start): Diagnosis | null {
  const newest = start.events.find(({ reason }) => (reason ?? '') in HOLDS || STEPS.has(reason ?? ''));
  const held = HOLDS[newest?.reason ?? ''];
  if (newest === undefined || held === undefined) return null;
  const waitingFor = `${held}: ${shorten(newest.message ?? '')}`;
  const type = typeOfHold(newest);
  const noRoom = type === 'RuntimeUnavailable' ? diagnoseScheduling(start)?.busy : null;
  return noRoom ? { waitingFor, fatal: null, busy: noRoom } : waitWhile(start.onNodeMs < HELD_MS, waitingFor, type);
}

const HOLDS: Record<string, string> = {
  FailedMount: 'a volume to be mounted',
  FailedAttachVolume: 'a volume to be attached',
  ProvisioningFailed: 'a volume to be made',
  FailedCreatePodSandBox: "the pod's sandbox",
};
/** The events of steps that succeeded: failures before them no longer count. */
const STEPS = new Set(['ProvisioningSucceeded', 'SuccessfulAttachVolume', 'Pulling', 'Pulled', 'Created', 'Started']);

/** A retry may fail the same way; the pod stays, and the next attempt checks it. */
function typeOfHold({ reason, message = '' }: CoreV1Event): TemporaryType {
  if (IN_USE.test(message)) return 'HomeBusy';
  return reason === 'ProvisioningFailed' && OUT_OF_SPACE.test(message) ? 'NoCapacity' : 'RuntimeUnavailable';
}

const IN_USE = /Multi-Attach|already (?:exclusively attached|attached|used by|in[- ]use)/i;
const OUT_OF_SPACE = /out of space|no space|insufficient|not enough|exceeded|quota|ResourceExhausted/i;

/** The scheduler found no node. Never final: nodes are added and removed. */
function diagnoseScheduling({ pod, ageMs }: Start): Diagnosis | null {
  const placed = conditionOf(pod, 'PodScheduled');
  if (placed?.status !== 'False') return null;
  const message = placed.message ?? placed.reason ?? '';
  const waitingFor = `a node with room: ${shorten(message.replace(/\.?(?: no new claims to deallocate,)? preemption: .*$/s, ''))}`;
  return waitWhile(ageMs < NO_ROOM_MS, waitingFor, IN_USE.test(message) ? 'HomeBusy' : 'NoCapacity');
}

/** The node has reported nothing of the pod: it may be lost, which the cluster notices only after minutes. */
function diagnoseSilence({ pod, onNodeMs }: Start): Diagnosis | null {
  if (conditionOf(pod, 'PodScheduled')?.status !== 'True' || containersOf(pod).length > 0) return null;
  return waitWhile(onNodeMs < HELD_MS, `node ${pod.spec?.nodeName ?? ''} to take the pod on`, 'RuntimeUnavailable');
}

/** The next condition of a start without a fault. */
function nextStep({ pod, events }: Start): string {
  if (pod.status?.initContainerStatuses?.some(({ name, state }) => name === SEED_CONTAINER && state?.running))
    return 'the home to be seeded';
  if (conditionOf(pod, 'PodScheduled')?.status !== 'True') return 'a node and the home';
  const isPulling = events.find(({ reason }) => STEPS.has(reason ?? ''))?.reason === 'Pulling';
  return `the image ${imageOf(pod, MAIN_CONTAINER)} to be ${isPulling ? 'pulled' : 'started'}`;
}

/** Keeps the end of a message: layers prefix it, and the cause is last. */
const shorten = (message: string): string => cutStart(message, LONGEST);
const LONGEST = 300;
