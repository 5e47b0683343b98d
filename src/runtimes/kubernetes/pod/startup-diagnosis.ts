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

/** What a pod that does not run yet waits for, and whether waiting goes on. */
export interface Diagnosis {
  /** Follows the words `waiting for`. */
  waitingFor: string;
  /** Waiting changes nothing: the build ends. */
  fatal: { type: FinalType; message: string } | null;
  /** Waiting may help, but not here: the start is given up for now and tried again. */
  busy: { type: TemporaryType; message: string } | null;
}

/** How long one start waits for a node with room before it lets others try. */
const NO_ROOM_MS = 20_000;
/** A volume that moves between nodes is detached and attached, which takes tens of seconds when all is well. */
const HELD_MS = 60_000;
/** The kubelet goes on trying by itself, and whoever waits looks in again. */
const PULL_MS = 60_000;

/** Reads what keeps a pod from running out of the pod itself and of the events of it and of its claims. */
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
  ageMs: number;
  /** Since a node was found; since the pod was made, before that. */
  onNodeMs: number;
}

const waitFor = (waitingFor: string): Diagnosis => ({ waitingFor, fatal: null, busy: null });
const giveUp = (type: FinalType, message: string): Diagnosis => ({ waitingFor: 'nothing', fatal: { type, message }, busy: null });
const retry = (type: TemporaryType, message: string): Diagnosis => ({ ...waitFor('another try'), busy: { type, message } });
/** Waits for a while, and then lets others try. */
const waitWhile = (isEarly: boolean, waitingFor: string, type: TemporaryType): Diagnosis =>
  isEarly ? waitFor(waitingFor) : { waitingFor, fatal: null, busy: { type, message: `the pod still waits for ${waitingFor}` } };

/** Ended before it ran: by its node, by the home's seeder, or by its image. */
function diagnoseEnd({ pod }: Start): Diagnosis | null {
  const state = readPodState(pod);
  if (state.state !== 'ended') return null;
  const again = (type: TemporaryType) => retry(type, `the pod ended before it ran: ${state.reason}`);
  if (pod.metadata?.deletionTimestamp !== undefined) return again('RuntimeUnavailable');
  if (isTurnedAway(pod)) return again('NoCapacity');
  const end = failedSeeding(pod) ?? mainStatus(pod)?.state?.terminated;
  const said = shorten(end?.message ?? '');
  const verdict = SEEDER_SAYS[end?.exitCode ?? 0];
  if (verdict) return giveUp(verdict, said === '' ? state.reason : said);
  if (isFaultOfImage(end?.reason ?? '', said)) {
    return giveUp('ImageInvalid', `the image ${imageOf(pod, MAIN_CONTAINER)} cannot be started: ${said}`);
  }
  return again('RuntimeUnavailable');
}

/** Exit codes of our own scripts in the pod: files of another user or beyond reach, and no home where one was recorded. */
const SEEDER_SAYS: Record<number, FinalType> = { 65: 'ImageInvalid', 66: 'HomeMissing' };

/** The node had less room than the scheduler thought, or has run short of it. */
function isTurnedAway({ status }: V1Pod): boolean {
  return /^Pod was rejected/.test(status?.message ?? '') || /^(?:OutOf\w+|NodeAffinity|Evicted)$/.test(status?.reason ?? '');
}

/** The first container, in the order in which they start, that cannot. */
function diagnoseContainers(start: Start): Diagnosis | null {
  for (const { name, state } of containersOf(start.pod)) {
    const { reason = '', message = '' } = state?.waiting ?? {};
    const image = `the image ${imageOf(start.pod, name)}`;
    const found = diagnoseContainer(start, image, { reason, message });
    // What the cluster put into the pod is its administrators' to mend, and says nothing of the workspace's image.
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

/** The last thing that was done for the pod failed: its volume, or its sandbox. */
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
/** What is said when a step went well: what failed before it no longer holds the pod up. */
const STEPS = new Set(['ProvisioningSucceeded', 'SuccessfulAttachVolume', 'Pulling', 'Pulled', 'Created', 'Started']);

/** Another start may well meet the same: the pod keeps its place, and is looked at again. */
function typeOfHold({ reason, message = '' }: CoreV1Event): TemporaryType {
  if (IN_USE.test(message)) return 'HomeBusy';
  return reason === 'ProvisioningFailed' && OUT_OF_SPACE.test(message) ? 'NoCapacity' : 'RuntimeUnavailable';
}

const IN_USE = /Multi-Attach|already (?:exclusively attached|attached|used by|in[- ]use)/i;
const OUT_OF_SPACE = /out of space|no space|insufficient|not enough|exceeded|quota|ResourceExhausted/i;

/** The scheduler found no node. Never final: nodes come and go. */
function diagnoseScheduling({ pod, ageMs }: Start): Diagnosis | null {
  const placed = conditionOf(pod, 'PodScheduled');
  if (placed?.status !== 'False') return null;
  const said = placed.message ?? placed.reason ?? '';
  const waitingFor = `a node with room: ${shorten(said.replace(/\.?(?: no new claims to deallocate,)? preemption: .*$/s, ''))}`;
  return waitWhile(ageMs < NO_ROOM_MS, waitingFor, IN_USE.test(said) ? 'HomeBusy' : 'NoCapacity');
}

/** Its node has said nothing of it yet: it may be lost, which nothing else tells of for minutes. */
function diagnoseSilence({ pod, onNodeMs }: Start): Diagnosis | null {
  if (conditionOf(pod, 'PodScheduled')?.status !== 'True' || containersOf(pod).length > 0) return null;
  return waitWhile(onNodeMs < HELD_MS, `node ${pod.spec?.nodeName ?? ''} to take the pod on`, 'RuntimeUnavailable');
}

/** What comes next when nothing is wrong. */
function nextStep({ pod, events }: Start): string {
  if (pod.status?.initContainerStatuses?.some(({ name, state }) => name === SEED_CONTAINER && state?.running))
    return 'the home to be seeded';
  if (conditionOf(pod, 'PodScheduled')?.status !== 'True') return 'a node and the home';
  const isPulling = events.find(({ reason }) => STEPS.has(reason ?? ''))?.reason === 'Pulling';
  return `the image ${imageOf(pod, MAIN_CONTAINER)} to be ${isPulling ? 'pulled' : 'started'}`;
}

/** The cluster repeats itself at the front; what went wrong stands at the end. Others put their own words before and after it. */
const shorten = (message: string): string => cutStart(message, LONGEST);
const LONGEST = 300;
