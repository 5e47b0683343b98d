/** Total checks of what callers send about a named secret. A refusal names the field, and never quotes a value. */

import { ENV_NAME, OWN_ENV } from '../contract/env-names';
import { GIT_HOST } from '../contract/git-host';
import type { SecretTarget } from '../contract/secrets';
import { RuntimeFailure } from '../runtimes/failure';

/** A value's largest size, in bytes. */
export const MAX_SECRET_BYTES = 64 * 1024;

const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const MAX_PATH_BYTES = 1_000;
const MAX_PART_BYTES = 255;
const OWN_FOLDER = '.perennial';
const MAX_USERNAME_LENGTH = 200;
const DEFAULT_USERNAME = 'oauth2';

/** A secret's name. */
export function asSecretName(value: unknown): string {
  if (typeof value === 'string' && SECRET_NAME.test(value)) return value;
  throw invalid('name', 'a letter or digit and up to 99 more of A-Z, a-z, 0-9, "_", "-", and "."', value);
}

/**
 * A secret's target from any of `env`, `file`, and `git` with `username`; `fallback` is the variable of a secret without any target.
 * A path may begin with `~/`, and comes back relative to the home.
 */
export function asSecretTarget(fields: Record<string, unknown>, fallback: string): SecretTarget {
  const { env = null, file = null, git = null, username = null } = fields;
  if ([env, file, git].filter((target) => target !== null).length > 1) {
    throw invalid('target', 'one of env, file, and git', 'more than one');
  }
  if (git === null && username !== null) throw invalid('username', 'a Git host beside the user name', 'none');
  if (file !== null) return { file: asHomePath(file) };
  if (git !== null) return { git: asGitHost(git), username: asUsername(username ?? DEFAULT_USERNAME) };
  return { env: asEnvName(env ?? fallback) };
}

/** A secret's value, fit for its target. */
export function asSecretValue(value: Buffer, target: SecretTarget): Buffer {
  if (value.length === 0 || value.length > MAX_SECRET_BYTES) {
    throw invalid('value', `1 to ${MAX_SECRET_BYTES} bytes`, `${value.length} bytes`);
  }
  if ('file' in target) return value;
  if (value.includes(0)) throw invalid('value', 'text without NUL', 'NUL');
  if ('git' in target && /[\r\n]/.test(value.toString('latin1'))) throw invalid('value', 'one line for a Git host', 'more');
  return value;
}

/** Where a value arrives, as one text: equal for targets of which a workspace can have only one. */
export function targetKey(target: SecretTarget): string {
  if ('env' in target) return `env ${target.env}`;
  return 'file' in target ? `file ${target.file}` : `git ${target.git}`;
}

function asEnvName(value: unknown): string {
  if (typeof value !== 'string' || value.length > 200 || !ENV_NAME.test(value)) {
    throw invalid('env', 'a name of letters, digits, and "_", not starting with a digit', value);
  }
  if (OWN_ENV.test(value)) throw invalid('env', 'no name that the workspace sets itself', value);
  return value;
}

function asHomePath(value: unknown): string {
  const path = typeof value === 'string' ? value.replace(/^~\//, '') : '';
  const isPart = (part: string) => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= MAX_PART_BYTES;
  const isPath = Buffer.byteLength(path) <= MAX_PATH_BYTES && path.isWellFormed() && !/\p{Cc}/u.test(path);
  const parts = path.split('/');
  // Perennial keeps its own records of the home there.
  if (parts[0] === OWN_FOLDER) throw invalid('file', `a path outside ~/${OWN_FOLDER}`, value);
  if (isPath && parts.every(isPart)) return path;
  throw invalid('file', 'a path in the home, such as .config/tool/token, without empty parts, "." and ".."', value);
}

function asGitHost(value: unknown): string {
  const host = typeof value === 'string' ? value.toLowerCase() : '';
  if (GIT_HOST.test(host)) return host;
  throw invalid('git', 'a host such as git.example.com', value);
}

function asUsername(value: unknown): string {
  if (typeof value === 'string' && /^\P{Cc}+$/u.test(value) && value.isWellFormed() && value.length <= MAX_USERNAME_LENGTH) {
    return value;
  }
  throw invalid('username', `1 to ${MAX_USERNAME_LENGTH} characters on one line`, value);
}

/** Only names and targets come here, which may be shown. */
export function invalid(field: string, expected: string, got: unknown): RuntimeFailure {
  const found = typeof got === 'string' ? JSON.stringify(got.slice(0, 100)) : got === null ? 'null' : typeof got;
  return new RuntimeFailure('InvalidRequest', `${field}: expected ${expected}, got ${found}`);
}
