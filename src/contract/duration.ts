/** Durations as the contract writes them: `90s`, `1h30m`, `4d`. Pure, so that workflows may import it. */

const MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const PATTERN = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** A minute in milliseconds. */
export const MINUTE_MS = MS.m;
/** An hour in milliseconds. */
export const HOUR_MS = MS.h;
/** A day of 24 hours in milliseconds. */
export const DAY_MS = MS.d;

/** Milliseconds of a duration such as `90s`, `1h30m`, `4d`: number-and-unit pairs, largest first; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = text.length > 0 && text.length <= 60 ? PATTERN.exec(text) : null;
  if (!match) return null;
  const [, d, h, m, s, ms] = match;
  const total = Number(d ?? 0) * MS.d + Number(h ?? 0) * MS.h + Number(m ?? 0) * MS.m + Number(s ?? 0) * MS.s + Number(ms ?? 0);
  return Number.isSafeInteger(total) ? total : null;
}

/** Milliseconds of a duration that was validated before; throws `RangeError` for anything else. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw new RangeError(`duration: expected number-and-unit pairs such as 1h30m, largest first, got ${JSON.stringify(text)}`);
  return ms;
}

/** A span in the same form, to the millisecond: `2h`, `1h30m`, `1m5ms`; `0ms` for none. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / MS[unit]);
    rest -= count * MS[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text || '0ms';
}
