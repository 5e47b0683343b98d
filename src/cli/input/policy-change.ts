import { InvalidArgumentError } from 'commander';
import { MAX_DEPTH } from '../../workflows/input/plain-json';

/** Fields of a policy, unchecked: the organization itself judges them, and says what it expected. */
export type PolicyFields = Record<string, unknown>;

/** A JSON object with fields of a policy. */
export function parsePolicy(text: string): PolicyFields {
  const parsed = parseJson(text);
  if (!isFields(parsed)) throw new InvalidArgumentError('Expected one JSON object, such as {"retention":"14d"}.');
  return parsed;
}

/** One `PATH=VALUE` more; the path's parts have dots between them. */
export function collectSetting(text: string, before: PolicyFields = {}): PolicyFields {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(0, at));
  if (!/^[A-Za-z]+(\.[A-Za-z]+)*$/.test(path)) {
    throw new InvalidArgumentError('Expected PATH=VALUE, such as autoOff.after=1h.');
  }
  const value = text.slice(at + 1);
  const json = parseJson(value);
  const nested = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), json === undefined ? value : json);
  return mergeChange(before, nested as PolicyFields);
}

/** Objects field by field, everything else whole, as the organization itself merges. */
export function mergeChange(base: PolicyFields, change: PolicyFields): PolicyFields {
  const merged = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key];
    merged[key] = isFields(old) && isFields(value) ? mergeChange(old, value) : value;
  }
  return merged;
}

function parseJson(text: string): unknown {
  const parsed = parseOrUndefined(text);
  if (isTooDeep(parsed)) throw new InvalidArgumentError(`Expected JSON of at most ${MAX_DEPTH} levels.`);
  return parsed;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Breadth-first, since recursion over deeply nested input would overflow the stack. */
function isTooDeep(value: unknown): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return level.length > 0;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isFields(value: unknown): value is PolicyFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
