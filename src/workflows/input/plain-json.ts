/** Implements docs/messages.md, "Conventions": any decoded JSON is made safe for recursive code and valid as Unicode. */
import { Malformed } from './malformed';

/** Every valid message, and every state that a run hands over, is nested far less deep. */
export const MAX_DEPTH = 32;

type Container = Record<string, unknown>;

/**
 * Changes decoded JSON in place and returns it. Values nested deeper than `MAX_DEPTH` become a marker that the checks of fields refuse,
 * and U+FFFD replaces half of a surrogate pair. Does not recurse: a few kilobytes can be nested deep enough to exhaust the stack.
 */
export function toPlainJson(root: unknown): unknown {
  const top: Container = { root };
  const open: { container: Container; depth: number }[] = [{ container: top, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { container, depth } = next;
    for (const key of Object.keys(container)) {
      const value = container[key];
      if (isContainer(value) && depth < MAX_DEPTH) open.push({ container: value, depth: depth + 1 });
      if (isContainer(value) && depth >= MAX_DEPTH)
        set(container, key, new Malformed(`more than ${MAX_DEPTH} levels of nesting`));
      if (typeof value === 'string' && !value.isWellFormed()) set(container, key, value.toWellFormed());
      if (!key.isWellFormed()) rename(container, key);
    }
  }
  return top.root;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

function rename(container: Container, key: string): void {
  const value = container[key];
  delete container[key];
  set(container, key.toWellFormed(), value);
}

/** Defines the property, since an assignment to a key such as `__proto__` would not. */
function set(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, configurable: true, enumerable: true, writable: true });
}
