import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { BUILD_ACTIVITIES } from '../contract/names';

/** What the step under way waits for, from its activity's last heartbeat. */
export interface PendingStep {
  /** The attempt of the activity, from 1. */
  attempt: number;
  /** Such as `an image pull`; null before the first heartbeat. */
  waitingFor: string | null;
  /** Why the attempt before failed; null in the first. */
  lastFailure: string | null;
}

type RawDescription = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw'];

/** The pending activity of a build or its clean-up; null where none is pending. */
export function pendingStep({ pendingActivities }: RawDescription): PendingStep | null {
  const types: readonly string[] = BUILD_ACTIVITIES;
  const pending = pendingActivities?.find(({ activityType }) => types.includes(activityType?.name ?? ''));
  if (!pending) return null;
  const [payload] = pending.heartbeatDetails?.payloads ?? [];
  const details = payload ? defaultPayloadConverter.fromPayload<{ waitingFor?: string } | null>(payload) : null;
  return {
    attempt: pending.attempt ?? 1,
    waitingFor: details?.waitingFor ?? null,
    lastFailure: pending.lastFailure?.message ?? null,
  };
}
