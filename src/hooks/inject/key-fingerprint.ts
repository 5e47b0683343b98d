import { createHash } from 'node:crypto';

const MAGIC = Buffer.from('openssh-key-v1\0');
/** Cipher, key derivation, and its options. */
const FIELDS_BEFORE = 3;
const MAX_FIELD_BYTES = 1_024;

/**
 * The fingerprint of a private key, by the public part at its beginning, as `ssh-keygen -l` prints it; null for any other text.
 * `text` is the beginning of the key in OpenSSH's format, base64 without line breaks.
 */
export function fingerprintOf(text: string): string | null {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  let at = MAGIC.length;
  const readField = (): Buffer | null => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : MAX_FIELD_BYTES + 1;
    if (length > MAX_FIELD_BYTES || at + 4 + length > bytes.length) return null;
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  for (let field = 0; field < FIELDS_BEFORE; field += 1) if (readField() === null) return null;
  // The number of keys.
  at += 4;
  const key = readField();
  if (key === null) return null;
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}
