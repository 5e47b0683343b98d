/** Every file of rules begins with the section of docs/ that it implements. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, walk } from '../support/source-scans';

const RULES = walk('src/workflows').filter(({ file }) => /^src\/workflows\/\w+\/rules\//.test(file));
/** `docs/builds.md, "Steps" and "What ends a build"` in a comment that may break lines. */
const CITATION = /docs\/[\w-]+\.md(?:, "[^"]+"(?: and "[^"]+")*)?/g;

test.each(RULES.map(({ file, text }) => [file, text]))('The file %s begins with the section that it implements.', (_, text) => {
  const header = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1]?.replace(/\s*\n \*\s?/g, ' ') ?? '';
  const citations = header.match(CITATION) ?? [];
  expect(citations).not.toEqual([]);
  const missing = citations.flatMap((citation) => {
    const [document = '', ...sections] = citation.split(/, "|" and "|"$/).filter((part) => part !== '');
    const file = path.join(ROOT, document);
    if (!existsSync(file)) return [document];
    const headings = readFileSync(file, 'utf8').match(/^#+ .*$/gm) ?? [];
    return sections.filter((section) => !headings.some((heading) => heading.replace(/^#+ /, '') === section));
  });
  expect(missing).toEqual([]);
});
