const FIRST_BYTES = 4 * 1024;

/** The last bytes of a stream. Each byte is copied about twice in all, even where they arrive one by one. */
export interface OutputTail {
  push(data: Buffer): void;
  /** At most `keepBytes`, the last ones. */
  content(): Buffer;
}

/** An empty tail, which holds no more than twice `keepBytes`. */
export function createOutputTail(keepBytes: number): OutputTail {
  let buffer = Buffer.alloc(Math.min(FIRST_BYTES, 2 * keepBytes));
  let size = 0;
  const makeRoom = (bytes: number) => {
    const kept = buffer.subarray(size + bytes > 2 * keepBytes ? size + bytes - keepBytes : 0, size);
    const length = Math.min(2 * keepBytes, Math.max(2 * buffer.length, kept.length + bytes));
    const target = length > buffer.length ? Buffer.alloc(length) : buffer;
    kept.copy(target);
    [buffer, size] = [target, kept.length];
  };
  return {
    push(data) {
      const end = data.subarray(-keepBytes);
      if (size + end.length > buffer.length) makeRoom(end.length);
      end.copy(buffer, size);
      size += end.length;
    },
    content: () => buffer.subarray(Math.max(0, size - keepBytes), size),
  };
}
