import { isUtf8 } from 'node:buffer';

/**
 * How bytes may be shown in a text, for a masker: as text, and where they are none, also in base64, from each of the three offsets and
 * without the characters that neighbouring bytes are part of.
 */
export function shownBytes(bytes: Buffer): string[] {
  if (isUtf8(bytes)) return [bytes.toString('utf8')];
  const encoded = [0, 1, 2].flatMap((offset) => {
    const base64 = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/.=+$/, '');
    return [base64.slice(offset === 0 ? 0 : offset + 1)];
  });
  const forUrls = encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([bytes.toString('utf8'), ...encoded, ...forUrls])];
}
