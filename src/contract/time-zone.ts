/** Which time zones exist. Without the library that computes with zones, which costs too much memory in workflows. */

/** Abbreviations that ICU keeps for old Java programs. The tz database lacks them, and the library that computes refuses them. */
const ICU_ONLY = /^(?:AC|AE|AG|AR|AS|BE|BS|CA|CN|CS|CT|EA|EC|IE|IS|JS|MI|NE|NS|PL|PN|PR|PS|SS|VS)T$/i;
/** Excludes offsets such as `+02:00`, which newer engines accept: they have no clock changes. */
const NAME = /^[A-Za-z][\w/+-]{0,63}$/;

/** Whether this engine knows the zone by a name or link of the tz database, in any case. The engine's answer may differ on replay. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name) || ICU_ONLY.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
