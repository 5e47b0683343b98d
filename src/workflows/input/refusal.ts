import type { FinalType } from '../../contract/failure-types';
import { cutText } from '../../contract/text-limit';
import { Malformed } from './malformed';

/** Of text that came, so many characters are shown. */
const SHOWN = { characters: 80 };

/** A request that is refused: a type of the closed list and one sentence that names the field, what was expected, and what came. */
export class Refusal extends Error {
  constructor(
    readonly type: FinalType,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** For a field of a wrong shape. */
export function invalid(field: string, expected: string, came: unknown): Refusal {
  return new Refusal('InvalidRequest', `${field}: expected ${expected}, got ${show(came)}`);
}

/** A short, safe rendering of whatever came, for messages; long values are cut so that nobody's file ends up in a history. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > SHOWN.characters ? cutText(value, SHOWN) : value);
  if (value instanceof Malformed) return value.reason;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes that are no JSON`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
