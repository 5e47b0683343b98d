/**
 * A total payload converter. Decoding happens before any handler runs, so an undecodable signal would fail the workflow task
 * for ever; here it becomes a marker that the checks of fields refuse and count.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import { Malformed } from './workspace/malformed';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Payload): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      return new Malformed(
        `an undecodable payload (${error instanceof Error ? error.message : 'unknown error'})`.slice(0, 200),
      ) as T;
    }
  },
};
