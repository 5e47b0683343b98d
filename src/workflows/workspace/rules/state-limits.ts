/**
 * Implements docs/builds.md, "Hooks": nothing that runs in a workspace can make its state grow past fixed limits. Users and images
 * write texts of any length and alphabet, and the state has to stay under 200 KiB at its fullest, so each limit counts bytes too.
 */
import { LINE_LIMIT, MESSAGE_LIMIT, type TextLimit } from '../../../contract/text-limit';

/** The message of a step, a failure, a warning, and the evidence of a change of state. */
export const KEPT_MESSAGE: TextLimit = { ...MESSAGE_LIMIT, bytes: 500 };
/** `by` in the history and in builds: 200 code points of most alphabets in full. */
export const KEPT_BY: TextLimit = { characters: 400, bytes: 400 };
/** `by` in older entries of the history and older builds: 200 code points of ASCII in full. */
export const KEPT_OLD_BY: TextLimit = { characters: 200, bytes: 200 };
/** The rule behind a change of state. */
export const KEPT_RULE: TextLimit = { characters: 200, bytes: 150 };
/** An image digest. */
export const KEPT_NAME: TextLimit = { characters: 255, bytes: 255 };
/** Messages and warnings of builds before the newest. */
export const KEPT_OLD_MESSAGE: TextLimit = { characters: 120, bytes: 120 };

/** The evidence of all but the newest changes of state, and failures of builds before the newest: what the rules of time write in full, and a failure's beginning. */
export const KEPT_OLD_EVIDENCE: TextLimit = { characters: 150, bytes: 150 };

/** Builds, the newest included. */
export const KEPT_BUILDS = 10;
/** Changes of state. */
export const KEPT_HISTORY = 50;
/** The newest changes of state, whose evidence is kept in full. */
export const KEPT_WHOLE_HISTORY = 10;
/** Warnings of the newest build. */
export const KEPT_WARNINGS = 20;
/** Numbers of builds that were replaced before they began. */
export const KEPT_REPLACED = 20;
/** Warnings of an earlier build. */
export const KEPT_OLD_WARNINGS = 4;
/** Signals that arrive before the policy is first read, as JSON. */
export const KEPT_EARLY_CHARACTERS = 60_000;

/** A hook's output: 50 lines of ASCII in full. */
export const KEPT_LINES = { lines: 50, line: LINE_LIMIT, bytes: 15_400 };
