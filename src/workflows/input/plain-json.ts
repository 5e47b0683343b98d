/** What others sent, made fit for code that may recurse over it and for readers of what is kept of it. */
import { Malformed } from './malformed';

/** All that is taken, and all that a run hands over to the next, is nested far less deep. */
export const MAX_DEPTH = 32;

type Container = Record<string, unknown>;

/**
 * Decoded JSON, changed in place and answered: what is nested deeper than `MAX_DEPTH` becomes a marker that the checks of fields refuse,
 * and text that is no valid Unicode has U+FFFD in the place of what is wrong. Never recurses: a few kilobytes can be nested so deep
 * that any recursion ends in an exhausted stack.
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

/** Not by assignment, which does nothing of the kind for a key such as `__proto__`. */
function set(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, configurable: true, enumerable: true, writable: true });
}
