import { StringDecoder } from 'node:string_decoder';
import { createMasker, type Masker, type PreparedValues } from '../../hooks/mask';
import type { HolderValues } from '../../secrets/prepared-values';
import { CUT_NOTE, createPositionFinder, hashTail, LOG_BEGIN, type LogPosition, MAX_LOG_BYTES, TAIL_BYTES } from './position';
import { NO_VALUES } from './values';

/** Where a log comes from. */
export interface LogSource {
  /** As `Runtime.readLog`. */
  read(offset: number): Promise<{ text: Buffer; nextOffset: number } | null>;
  /** All values to hide, as known at this moment or later, epoch milliseconds. */
  valuesSince(moment: number): Promise<HolderValues>;
  now(): number;
  pause(durationMs: number): Promise<void>;
}

/** A part of a log, masked. */
export interface LogPart {
  text: string;
  /** Behind what this and all parts before come from. */
  position: LogPosition;
  /** The log has begun again, or what follows the last position was cut off: this part is the beginning of the log as it is now. */
  isRestarted: boolean;
  /** Whether there was nothing new. */
  isDrained: boolean;
}

/**
 * Reads a log as it grows, masked. What it passes on depends on the log alone, not on when it was read: so a reader that begins at the
 * position of another goes on exactly behind it. The state of masking at a position is found by masking everything before it.
 */
export interface MaskedLog {
  /** Null while there is no log. */
  read(): Promise<LogPart | null>;
  /** The rest, once the log has ended and `read` has drained it. */
  end(): LogPart;
}

/** A longer line is masked in blocks of this size, which count from its beginning. */
const BLOCK_BYTES = 64 * 1024;
/** Longer than the runner of a hook takes to cut its log. */
const CUTTING_MS = 1_000;
const LINE_FEED = 10;

export function openMaskedLog(source: LogSource, from: LogPosition = LOG_BEGIN): MaskedLog {
  let values = NO_VALUES;
  let feed = createFeed(values);
  let isLocated = from.offset === 0;
  let isRestarted = false;

  /** Masks the log up to an offset once more. */
  const replay = async (end: number) => {
    feed = createFeed(values);
    while (feed.received() < end) {
      const part = await source.read(feed.received());
      if (part === null || part.text.length === 0) break;
      feed.push(part.text.subarray(0, end - feed.received()));
    }
  };
  const locate = async (position: LogPosition) => {
    const offset = await find(source, position);
    isRestarted ||= offset === null && position.offset > 0;
    await replay(offset ?? 0);
    isLocated = true;
  };
  const part = (text: string, isDrained: boolean): LogPart => {
    const result = { text, position: feed.position(), isRestarted: isRestarted && text !== '', isDrained };
    if (result.isRestarted) isRestarted = false;
    return result;
  };
  return {
    async read() {
      const recent = feed.recent();
      const found = await source.read(isLocated ? feed.received() - recent.length : 0);
      if (found === null) return isLocated && feed.received() === 0 ? null : part('', true);
      const isSame = isLocated && found.text.subarray(0, recent.length).equals(recent);
      const bytes = found.text.subarray(recent.length);
      if (isSame && bytes.length === 0) return part('', true);
      const known = await source.valuesSince(source.now());
      const isOldValues = known.versions !== values.versions;
      values = known;
      if (!isSame) {
        if (isLocated) await source.pause(CUTTING_MS);
        await locate(isLocated ? feed.position() : from);
        return part('', false);
      }
      if (isOldValues) {
        await replay(feed.position().offset);
        return part('', false);
      }
      return part(feed.push(bytes), false);
    },
    end: () => part(feed.end(), true),
  };
}

/** The offset of a position in the log as it is now; null where it is not there any more. */
async function find(source: LogSource, position: LogPosition): Promise<number | null> {
  const { offset, tail } = position;
  const tailBytes = Math.min(offset, TAIL_BYTES);
  const there = await source.read(offset - tailBytes);
  if (there !== null && there.text.length >= tailBytes && hashTail(there.text.subarray(0, tailBytes)) === tail) return offset;
  const finder = createPositionFinder(position);
  for (let at = 0; at < MAX_LOG_BYTES; ) {
    const part = await source.read(at);
    if (part === null || part.text.length === 0) return null;
    if (at === 0 && !part.text.subarray(0, CUT_NOTE.length).equals(CUT_NOTE)) return null;
    const found = finder.push(part.text);
    if (found !== null) return found;
    at += part.text.length;
  }
  return null;
}

/** The bytes of a log on their way through a masker. */
interface Feed {
  /** Returns what is masked by now. */
  push(bytes: Buffer): string;
  end(): string;
  /** Behind what the masker has got: whole lines and blocks. */
  position(): LogPosition;
  /** The offset of the next byte of the log. */
  received(): number;
  /** The last bytes before that. */
  recent(): Buffer;
}

function createFeed(values: PreparedValues): Feed {
  const masker: Masker = createMasker(values);
  const decoder = new StringDecoder('utf8');
  let rest: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let offset = 0;
  const mask = (bytes: Buffer): string => {
    if (bytes.length === 0) return '';
    offset += bytes.length;
    tail = Buffer.concat([tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    return masker.push(decoder.write(bytes));
  };
  return {
    push(bytes) {
      const { pieces, open } = cut(Buffer.concat([rest, bytes]));
      rest = open;
      return pieces.map(mask).join('');
    },
    end() {
      const text = mask(rest);
      rest = rest.subarray(0, 0);
      return text + masker.push(decoder.end()) + masker.end();
    },
    position: () => (offset === 0 ? LOG_BEGIN : { offset, tail: hashTail(tail) }),
    received: () => offset + rest.length,
    recent: () => Buffer.concat([tail, rest]).subarray(-TAIL_BYTES),
  };
}

/** Cuts bytes into runs of whole lines, and long lines into blocks; `open` is an unfinished line of less than a block. */
function cut(bytes: Buffer): { pieces: Buffer[]; open: Buffer } {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf(LINE_FEED, at) + 1;
    const end = lineEnd === 0 ? bytes.length : lineEnd;
    if (end - at >= BLOCK_BYTES) {
      pieces.push(bytes.subarray(from, at));
      for (; end - at >= BLOCK_BYTES; at += BLOCK_BYTES) pieces.push(bytes.subarray(at, at + BLOCK_BYTES));
      from = at;
    }
    if (lineEnd === 0) return { pieces: [...pieces, bytes.subarray(from, at)], open: Buffer.from(bytes.subarray(at)) };
    at = lineEnd;
  }
}
