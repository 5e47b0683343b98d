/**
 * A total payload converter. @temporalio/workflow 1.24.0 decodes before any handler runs, so an undecodable signal would fail the
 * workflow task on every retry. Here it becomes a marker, which the checks of fields refuse and count; so does JSON nested too deep.
 * Upstream: temporalio/sdk-typescript#1139. The marker can go when the SDK hands undecodable payloads to the handler.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import { cutText, LINE_LIMIT } from '../../contract/text-limit';
import { Malformed } from '../input/malformed';
import { toPlainJson } from '../input/plain-json';

/** Never throws on decoding. */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Payload): T {
    try {
      return toPlainJson(defaultPayloadConverter.fromPayload(payload)) as T;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown error';
      return new Malformed(cutText(`an undecodable payload (${reason})`, LINE_LIMIT)) as T;
    }
  },
};
