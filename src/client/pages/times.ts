const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** A span in its two largest units, rounded to the smaller one: `1h 5m`, `45s`. */
export function formatSpan(spanMs: number): string {
  const largest = UNITS.findIndex(({ ms }) => spanMs >= ms);
  const grainMs = UNITS[largest + 1]?.ms ?? 1_000;
  let rest = Math.round(Math.max(0, spanMs) / grainMs) * grainMs;
  const parts: string[] = [];
  for (const { name, ms } of UNITS) {
    const count = Math.floor(rest / ms);
    rest -= count * ms;
    if (count > 0) parts.push(`${count}${name}`);
  }
  return parts.join(' ') || '0s';
}

/** How far an instant is from now, for people: `in 1h 5m`, `2m ago`, `now`. */
export function formatRelative(instant: string, now: number): string {
  const aheadMs = Date.parse(instant) - now;
  if (Math.abs(aheadMs) < 1_000) return 'now';
  return aheadMs > 0 ? `in ${formatSpan(aheadMs)}` : `${formatSpan(-aheadMs)} ago`;
}

/** An instant with its distance from now behind it. */
export function formatInstant(instant: string, now: number): string {
  return `${instant} (${formatRelative(instant, now)})`;
}

/** The time that something took, to the tenth of a second while it is short; empty before it began. */
export function formatTook({ startedAt, endedAt }: { startedAt: string | null; endedAt: string | null }, now: number): string {
  if (startedAt === null) return '';
  const tookMs = Math.max(0, (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
  return tookMs < 60_000 ? `${(tookMs / 1_000).toFixed(1)} s` : formatSpan(tookMs);
}
