/** Cuts the results of runtimes and hooks before they enter a history: images, pods, and clusters control their content. */
import { cutLines, cutText, LINE_LIMIT, MESSAGE_LIMIT, NAME_LIMIT } from '../contract/text-limit';
import type { HookResult } from '../hooks/hook';
import { RuntimeFailure } from '../runtimes/failure';
import type { Pod } from '../runtimes/runtime';

const MAX_WARNINGS = 20;
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

/** The first warnings, and how many more there are. */
function cutSentences(sentences: string[]): string[] {
  const cut = sentences.slice(0, MAX_WARNINGS).map((sentence) => cutText(sentence, MESSAGE_LIMIT));
  if (sentences.length <= MAX_WARNINGS) return cut;
  return [...cut.slice(0, -1), `and ${sentences.length - MAX_WARNINGS + 1} more warnings`];
}
