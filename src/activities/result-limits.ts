/** Cuts the results of runtimes and hooks before they enter a history: images, pods, and clusters control their content. */
import type { Injection } from '../contract/internal/payloads';
import { cutLines, cutText, LINE_LIMIT, MESSAGE_LIMIT, NAME_LIMIT } from '../contract/text-limit';
import type { HookResult } from '../hooks/hook';
import { RuntimeFailure } from '../runtimes/failure';
import type { Pod } from '../runtimes/runtime';

const MAX_WARNINGS = 20;
/** A hundred of the owner, and a hundred of the organization. */
const MAX_DELIVERED = 200;
const SECRET_NAME_LIMIT = { characters: 100, bytes: 100 };
/** `SHA256:` and 43 characters. */
const FINGERPRINT_LIMIT = { characters: 100, bytes: 100 };
const LINES = { lines: 50, line: LINE_LIMIT, bytes: 50 * LINE_LIMIT.characters * 4 };

/** Refuses a long identity, since a cut one might be that of another home. */
export function cutHome({ identity }: { identity: string }): { identity: string } {
  if (identity.length <= NAME_LIMIT.characters) return { identity };
  const message = `the runtime gave the home an identity of ${identity.length} characters, more than ${NAME_LIMIT.characters}`;
  throw new RuntimeFailure('RuntimeUnavailable', message);
}

/** Cuts every text of a pod. */
export function cutPod({ id, build, instance, digest, user, uid, home, warnings }: Pod): Pod {
  const name = (text: string) => cutText(text, NAME_LIMIT);
  return {
    id,
    build,
    instance: name(instance),
    digest: name(digest),
    user: name(user),
    uid,
    home: name(home),
    warnings: cutSentences(warnings),
  };
}

/** Cuts the report and the output of a hook. */
export function cutHook({ state, message, warnings, lastLines }: HookResult): HookResult {
  return {
    state,
    message: message === null ? null : cutText(message, MESSAGE_LIMIT),
    warnings: cutSentences(warnings),
    lastLines: cutLines(lastLines, LINES),
  };
}

/** Cuts what a pod was given; names follow rules of their own, and the pod says the rest. */
export function cutInjection({ delivered, fingerprint, expiresAt, warnings, isEmpty }: Injection): Injection {
  return {
    delivered: delivered
      .slice(0, MAX_DELIVERED)
      .map(({ name, scope, version }) => ({ name: cutText(name, SECRET_NAME_LIMIT), scope, version })),
    fingerprint: fingerprint === null ? null : cutText(fingerprint, FINGERPRINT_LIMIT),
    expiresAt: Number.isFinite(expiresAt) ? expiresAt : null,
    warnings: cutSentences(warnings),
    isEmpty,
  };
}

/** The first warnings, and how many more there are. */
function cutSentences(sentences: string[]): string[] {
  const cut = sentences.slice(0, MAX_WARNINGS).map((sentence) => cutText(sentence, MESSAGE_LIMIT));
  if (sentences.length <= MAX_WARNINGS) return cut;
  return [...cut.slice(0, -1), `and ${sentences.length - MAX_WARNINGS + 1} more warnings`];
}
