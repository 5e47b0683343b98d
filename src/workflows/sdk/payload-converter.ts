/**
 * A total payload converter. Decoding happens before any handler runs, so an undecodable signal would fail the workflow task
 * for ever; here it becomes a marker that the checks of fields refuse and count. So does what is nested too deep for handlers.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import { cutText, LINE_LIMIT } from '../../contract/text-limit';
import { Malformed } from '../input/malformed';
import { toPlainJson } from '../input/plain-json';

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
