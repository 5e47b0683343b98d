/** What tests read from the sources of the repository: imports, functions, comments. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(__dirname, '..', '..');

export interface Source {
  /** Relative to the root of the repository, with `/`. */
  file: string;
  text: string;
  lines: string[];
}

export interface Import {
  from: string;
  isTypeOnly: boolean;
}

/** How others import a file. */
export function moduleOf(file: string): string {
  return file.replace(/(?:\/index)?\.ts$/, '');
}

/** Groups of modules that reach each other, by Tarjan's algorithm; each in the order of the names. */
export function cyclesOf(imports: Map<string, string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  function follow(module: string): void {
    order.set(module, order.size);
    lowest.set(module, order.size - 1);
    open.push(module);
    for (const target of imports.get(module) ?? []) {
      if (!imports.has(target)) continue;
      if (!order.has(target)) follow(target);
      if (open.includes(target)) lowest.set(module, Math.min(lowest.get(module) ?? 0, lowest.get(target) ?? 0));
    }
    if (lowest.get(module) !== order.get(module)) return;
    const group = open.splice(open.indexOf(module));
    if (group.length > 1) cycles.push(group.sort());
  }
  for (const module of imports.keys()) if (!order.has(module)) follow(module);
  return cycles;
}

export function importsOf({ file, text }: Source): Import[] {
  const statements = text.matchAll(/^(?:import|export)\b([^;]*?)\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm);
  return [...statements].map(([, clause, from, bare, dynamic]) => ({
    from: resolve(file, from ?? bare ?? dynamic ?? ''),
    isTypeOnly: /^\s+type\b/.test(clause ?? ''),
  }));
}

function resolve(file: string, specifier: string): string {
  return specifier.startsWith('.')
    ? moduleOf(path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts'))
    : specifier;
}

/** By indentation, which the formatter keeps true: from the line that opens a body to the line that closes it. */
export function functionsOf({ lines }: Source): { line: number; length: number }[] {
  return lines.flatMap((line, index) => {
    if (!opensFunction(line)) return [];
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const length = lines.slice(index).findIndex((later, offset) => offset > 0 && later.startsWith(`${indent}}`));
    return length < 0 ? [] : [{ line: index + 1, length: length + 1 }];
  });
}

/** A `describe` is a heading and no function. */
function opensFunction(line: string): boolean {
  if (/^\s*describe\b/.test(line)) return false;
  if (/^\s*(?:\} )?(?:if|for|while|switch|catch|else|do|try|finally)\b/.test(line)) return false;
  return /\bfunction\b.*\{$|=> \{$|^\s*\)(?:: .+)? \{$|^\s*(?:(?:private|public|static|async|override|get|set) )*[\w#]+\(.*\)(?:: .+)? \{$/.test(
    line,
  );
}

export function linesWith({ file, lines }: Source, word: RegExp): string[] {
  return lines.flatMap((line, index) => (word.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

export function commentShare(sources: Source[]): number {
  const lines = sources.flatMap((source) => source.lines.map((line) => line.trim())).filter((line) => line !== '');
  return lines.filter((line) => /^(?:\/\/|\/\*|\*)/.test(line)).length / lines.length;
}

export function walk(folder: string): Source[] {
  if (!existsSync(path.join(ROOT, folder))) return [];
  const entries = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(file);
    return entry.isFile() ? [read(file)] : [];
  });
}

export function read(file: string): Source {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return { file, text, lines: text.replace(/\n$/, '').split('\n') };
}
