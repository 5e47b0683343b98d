import { quote } from '../shell/quote';
import { type PodFile, PROGRAMS } from './pod-file';

/** Control characters, which not every shell reads as they are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are looked for.
const UNREADABLE = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** The call that writes a file of the pod. */
export function putCall({ name, content }: PodFile): string {
  return name.startsWith(PROGRAMS)
    ? `put_program ${name.slice(PROGRAMS.length)} ${quote(content.toString('utf8'))}`
    : putFile(name, content);
}

/** As a word where the content is plain text, else as the format of `printf`. */
function putFile(name: string, content: Buffer): string {
  const text = content.toString('utf8');
  if (!UNREADABLE.test(text) && Buffer.from(text).equals(content)) return `put ${quote(name)} ${quote(text)}`;
  return `put_bytes ${quote(name)} '${[...content].map(formatByte).join('')}'`;
}

/** Characters with a meaning to `printf` or to a quoted word are octal too; a dash could begin an option. */
function formatByte(byte: number): string {
  const isPlain = byte >= 0x20 && byte < 0x7f && !"'\\%-".includes(String.fromCharCode(byte));
  return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
}
