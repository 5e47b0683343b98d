/** The fields of exported interfaces, as dotted paths: read from the source, since types are gone when a test runs. */
import type { Source } from './source-scans';

/** Name and fields of each exported interface, in the order of the source; fields of nested objects in the place of the object. */
export function interfacesOf(sources: Pick<Source, 'text'>[]): [name: string, fields: string[]][] {
  return sources.flatMap(({ text }) =>
    [...text.matchAll(/^export interface (\w+)[^{]*\{$/gm)].map((match): [string, string[]] => {
      const start = match.index + match[0].length;
      return [match[1] ?? '', fieldsOf(withoutComments(text.slice(start, text.indexOf('\n}', start))))];
    }),
  );
}

function fieldsOf(body: string): string[] {
  return membersOf(body).flatMap((member) => {
    const [, name = '', type = ''] = /^(?:readonly )?'?(\w+)'?\??:\s*(.*)$/s.exec(member) ?? [];
    if (name === '') return [];
    const inner = innerOf(type);
    return inner === null ? [name] : fieldsOf(inner).map((field) => `${name}.${field}`);
  });
}

/** The body of an object type, also in a list or beside null; null for every other type. */
function innerOf(type: string): string | null {
  const text = type.trim();
  if (!text.startsWith('{')) return null;
  const end = closing(text);
  return /^(?:\[\])?\s*(?:\|\s*null)?$/.test(text.slice(end + 1).trim()) ? text.slice(1, end) : null;
}

function membersOf(body: string): string[] {
  const members: string[] = [];
  let depth = 0;
  let member = '';
  for (const character of body) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (character === ';' && depth === 0) {
      members.push(member.trim());
      member = '';
    } else member += character;
  }
  return [...members, member.trim()].filter((each) => each !== '');
}

function closing(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1;
    if (text[index] === '}') depth -= 1;
    if (depth === 0) return index;
  }
  return text.length;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');
}
