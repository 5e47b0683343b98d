import { StringDecoder } from 'node:string_decoder';
import { createMasker, type Masker, maskText } from '../../hooks/mask';
import type { LogRef, Runtime } from '../../runtimes/runtime';
import type { HolderValues } from '../../secrets/prepared-values';

/** Which log, and where it lies. */
export interface StepLogSource {
  runtime: Runtime;
  log: Omit<LogRef, 'offset'>;
  /** Reads the values to be masked. Called after the log is read, as it may have a value that was set a moment before. */
  readValues(): Promise<HolderValues>;
}

/** The whole log as it is now, masked; null while there is none. */
export async function readWholeLog(source: StepLogSource): Promise<string | null> {
  const { text, isThere } = await readFrom(source, 0);
  return isThere ? maskText(text.toString('utf8'), await source.readValues()) : null;
}

/** Follows a log as it grows. */
export interface LogFollower {
  /** Everything new since the last call, in whole lines, masked. */
  read(): Promise<string>;
  /** The last line, if it had no line break. */
  end(): string;
  /** Whether there was a log at any call. */
  wasThere(): boolean;
}

/** Starts at the beginning; one follower is one stream, so what it has given once does not come again. */
export function createLogFollower(source: StepLogSource): LogFollower {
  // A character may be cut by the end of a read, as a secret may; the decoder and the masker each hold their part back.
  const decoder = new StringDecoder('utf8');
  let versions = '';
  let masker: Masker = createMasker();
  let offset = 0;
  let wasThere = false;
  /** What was held back of the text so far was masked by the values that it may have. */
  const useValues = (present: HolderValues): string => {
    if (present.versions === versions) return '';
    const held = masker.end();
    versions = present.versions;
    masker = createMasker(present);
    return held;
  };
  return {
    async read() {
      const { text, nextOffset, isThere } = await readFrom(source, offset);
      const held = text.length === 0 ? '' : useValues(await source.readValues());
      offset = nextOffset;
      wasThere ||= isThere;
      return held + masker.push(decoder.write(text));
    },
    end: () => masker.push(decoder.end()) + masker.end(),
    wasThere: () => wasThere,
  };
}

/** A runtime gives a part at a time. */
async function readFrom(
  { runtime, log }: StepLogSource,
  offset: number,
): Promise<{ text: Buffer; nextOffset: number; isThere: boolean }> {
  const parts: Buffer[] = [];
  let isThere = false;
  for (let nextOffset = offset; ; ) {
    const part = await runtime.readLog({ ...log, offset: nextOffset });
    isThere ||= part !== null;
    if (part === null || part.text.length === 0) return { text: Buffer.concat(parts), nextOffset, isThere };
    parts.push(part.text);
    nextOffset = part.nextOffset;
  }
}
