/** Instants in text: every payload and message writes them as ISO 8601 in UTC (docs/messages.md, "Conventions"). */

/** Epoch milliseconds as `2026-03-29T06:30:00.000Z`. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** As `iso`; null stays null. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
