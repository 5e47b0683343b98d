/** All texts and bytes in an object of the Temporal client, one a line: payloads are bytes there, and so become searchable. */
export function flatten(value: unknown, seen = new Set<unknown>()): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\n`);
  if (value instanceof Uint8Array) return Buffer.concat([value, Buffer.from('\n')]);
  if (typeof value !== 'object' || value === null || seen.has(value)) return Buffer.alloc(0);
  seen.add(value);
  const parts = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return Buffer.concat(parts.map((part) => Buffer.concat(part.map((each: unknown) => flatten(each, seen)))));
}
