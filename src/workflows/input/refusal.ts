/** Implements docs/failures.md: the type of a refusal and its sentence. */
import type { FinalType } from '../../contract/failure-types';
import { cutText } from '../../contract/text-limit';
import { Malformed } from './malformed';

/** How much of a received text a message shows. */
const SHOWN = { characters: 80 };

/** A refused request: a final failure type, and one sentence that names the field, what was expected, and what came. */
export class Refusal extends Error {
  constructor(
    readonly type: FinalType,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** The Refusal of a field of a wrong shape. */
export function invalid(field: string, expected: string, came: unknown): Refusal {
  return new Refusal('InvalidRequest', `${field}: expected ${expected}, got ${show(came)}`);
}

/** A short, safe rendering of any value for messages. Long text is cut, so that no whole file ends up in a history. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > SHOWN.characters ? cutText(value, SHOWN) : value);
  if (value instanceof Malformed) return value.reason;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes that are no JSON`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
