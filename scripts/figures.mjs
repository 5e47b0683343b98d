/** `npm run figures`: how long things are, what has a comment, and which words of the comments are private vocabulary. */
import { readdirSync, readFileSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';

const BANNED = JSON.parse(readFileSync(inCheckout('scripts', 'banned-words.json'), 'utf8'));
const walk = (folder) =>
  readdirSync(inCheckout(folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );

const named = process.argv.slice(2);
const files = walk('src').filter(
  (file) => file.endsWith('.ts') && (named.length === 0 || named.some((each) => file.startsWith(each))),
);
const rooms = new Map();
for (const file of files) {
  const room = file
    .split('/')
    .slice(0, file.startsWith('src/runtimes/') ? 3 : 2)
    .join('/');
  const counts = rooms.get(room) ?? { words: 0, banned: 0 };
  for (const [index, line] of readFileSync(inCheckout(file), 'utf8').split('\n').entries()) {
    const comment = /^\s*(?:\/\/|\/?\*+)(.*)|\s\/\/ (.*)$/.exec(line);
    const text = comment?.[1] ?? comment?.[2] ?? '';
    counts.words += text.split(/\s+/).filter((word) => /\w/.test(word)).length;
    for (const { word } of BANNED) {
      const found = text.match(new RegExp(`\\b(?:${word})\\b`, 'gi')) ?? [];
      counts.banned += found.length;
      if (named.length > 0 && found.length > 0) console.log(`${file}:${index + 1}: ${found.join(', ')}: ${line.trim()}`);
    }
  }
  rooms.set(room, counts);
}
for (const [room, { words, banned }] of rooms)
  console.log(`${room}: ${banned} banned of ${words} words in comments (${((1000 * banned) / words).toFixed(1)} of 1,000)`);
