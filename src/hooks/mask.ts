/**
 * Hides secrets before output leaves a workspace: by their shape, and by known values. A password that is neither is not recognised.
 */

const KEY_BEGIN = /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/;
const KEY_END = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/;
/** Longer than any key in use; a lone BEGIN line must not hide the rest of a log. */
const MAX_KEY_LINES = 400;
const HIDDEN = '***';
/** The longest unfinished line that is held, the longest token, and the longest BEGIN or END of a key. */
const MAX_PENDING_CHARS = 262_144;
const MAX_TOKEN_CHARS = 16_384;
const MARK_CHARS = 100;

/** Masks a stream: print what `push` returns for each chunk, and at last what `end` returns. */
export interface Masker {
  /**
   * Takes the next chunk and returns all complete lines; a secret may be cut by a chunk, never by a line. Of a very long line it returns
   * parts, so that it holds little.
   */
  push(chunk: string): string;
  /** Returns the last line if it had no line break. */
  end(): string;
}

/** Masks private key blocks, JWTs, and the given values in a text, which may begin inside a key. */
export function maskText(text: string, values: string[] = []): string {
  const masker = createMasker(values);
  const whole = hideCutKey(text);
  return masker.push(whole) + masker.end();
}

/** Makes a masker for a stream of chunks of any size; `values` are secrets known by value. */
export function createMasker(values: string[] = []): Masker {
  const secrets = listSecrets(values);
  const maskLine = createLineMasker(secrets);
  let pending: string[] = [];
  let pendingChars = 0;
  const hold = (text: string) => {
    pending = [text];
    pendingChars = text.length;
  };
  return {
    push(chunk) {
      const complete = chunk.lastIndexOf('\n') + 1;
      if (complete > 0) {
        const lines = pending.join('') + chunk.slice(0, complete);
        hold(chunk.slice(complete));
        return lines.replace(/[^\n]*\n/g, (line) => maskLine(line));
      }
      pending.push(chunk);
      pendingChars += chunk.length;
      if (pendingChars <= MAX_PENDING_CHARS) return '';
      const text = pending.join('');
      const at = findCut(text, secrets);
      hold(text.slice(at));
      return at === 0 ? '' : maskLine(text.slice(0, at));
    },
    end() {
      const rest = pending.join('');
      hold('');
      return rest === '' ? '' : maskLine(rest);
    },
  };
}

/** Where an unfinished line may be cut: near its end, outside of a token, a known value, and a BEGIN or END of a key. */
function findCut(text: string, secrets: string[]): number {
  const marginChars = Math.max(MARK_CHARS, secrets[0]?.length ?? 0);
  const lowest = Math.max(0, text.length - MAX_TOKEN_CHARS - marginChars);
  let at = Math.max(lowest, text.length - marginChars);
  while (at > lowest && /[\w.-]/.test(text[at - 1] ?? '')) at -= 1;
  const from = Math.max(0, at - marginChars);
  const around = text.slice(from, at + marginChars);
  const found = [KEY_BEGIN.exec(around), KEY_END.exec(around)].map(
    (match) => match && { index: match.index, length: match[0].length },
  );
  const known = secrets.map((secret) => ({ index: around.indexOf(secret), length: secret.length }));
  const hit = [...found, ...known].filter(
    (match) => match !== null && match.index >= 0 && from + match.index < at && from + match.index + match.length > at,
  );
  return Math.min(at, ...hit.map((match) => from + (match?.index ?? 0)));
}

function hideCutKey(text: string): string {
  const end = KEY_END.exec(text);
  if (end === null) return text;
  const begin = KEY_BEGIN.exec(text);
  if (begin !== null && begin.index < end.index) return text;
  return HIDDEN + text.slice(end.index + end[0].length);
}

function createLineMasker(secrets: string[]): (line: string) => string {
  let keyLines = 0;
  return (line) => {
    let masked = '';
    let rest = line;
    while (rest !== '') {
      const edge = (keyLines > 0 ? KEY_END : KEY_BEGIN).exec(rest);
      if (edge === null) break;
      if (keyLines === 0) masked += maskTokens(rest.slice(0, edge.index), secrets) + HIDDEN;
      keyLines = keyLines > 0 ? 0 : 1;
      rest = rest.slice(edge.index + edge[0].length);
    }
    if (keyLines === 0) return masked + maskTokens(rest, secrets);
    keyLines = keyLines < MAX_KEY_LINES ? keyLines + 1 : 0;
    return keyLines === 0 ? `${masked}\n` : masked;
  };
}

/** Lines are masked one by one, so a secret of many lines is masked line by line; the longest first, as one may hold another. */
function listSecrets(values: string[]): string[] {
  const lines = values.flatMap((value) => value.split(/\r?\n/)).filter((line) => line.trim() !== '');
  return [...new Set(lines)].sort((a, b) => b.length - a.length);
}

function maskTokens(text: string, secrets: string[]): string {
  const masked = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return masked.replace(/[\w.-]+/g, maskJwt);
}

/** Takes whole runs of a JWT's characters: one expression for all of it would take quadratic time on hostile output. */
function maskJwt(run: string): string {
  const parts = run.split('.');
  let length = 0;
  for (const [index, part] of parts.entries()) {
    const start = part.indexOf('eyJ');
    // One dot is enough where the header is long: the rest may not have been written yet.
    const needed = part.length - start >= 12 ? 1 : 2;
    if (start >= 0 && index + needed < parts.length) return run.slice(0, length + start) + HIDDEN;
    length += part.length + 1;
  }
  return run;
}
