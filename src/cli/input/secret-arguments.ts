/** Arguments of the commands on secrets, keys, and tokens: what the store would refuse by its shape is wrong usage here. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../contract/duration';
import { RuntimeFailure } from '../../runtimes/failure';
import { MAX_TOKEN_MS } from '../../secrets/signing-keys';
import { SCOPES, type Scope } from '../../secrets/tokens';
import { parseName } from './arguments';

/** Does a check, whose refusal is an error of usage. */
export function checkingUsage<T>(command: Command, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof RuntimeFailure && error.type === 'InvalidRequest') return command.error(`error: ${error.message}`);
    throw error;
  }
}

/** An owner's name among other arguments. */
export function parseOwnName(command: Command, text: string): string {
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return command.error(`error: owner: ${error.message}`);
    throw error;
  }
}

/** Scopes with commas between them. */
export function parseScopes(text: string): Scope[] {
  const words = text.split(',');
  const unknown = words.find((word) => !SCOPES.some((scope) => scope === word));
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected any of ${SCOPES.join(',')}.`);
  return SCOPES.filter((scope) => words.includes(scope));
}

/** One name more. */
export const collectName = (text: string, before: string[] = []): string[] => [...before, parseName(text)];

/** The life of a token, in milliseconds. */
export function parseLife(text: string): number {
  const lifeMs = parseDuration(text);
  if (lifeMs === null || lifeMs < 1_000 || lifeMs > MAX_TOKEN_MS)
    throw new InvalidArgumentError('Expected a duration from 1s to 90d, such as 12h.');
  return lifeMs;
}
