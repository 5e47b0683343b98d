import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { NAMESPACE } from '../../contract/names';
import type { TemporalConfig } from '../context';
import { CliFailure } from '../failure';

const DEFAULT_ADDRESS = 'localhost:7233';

/** The sources of Temporal's address, in the order of their precedence. */
export interface TargetSources {
  /** From the command line. */
  address?: string | undefined;
  namespace?: string | undefined;
  /** The folder of the embedded stack. */
  dir: string;
  config: TemporalConfig;
}

/**
 * Where Temporal answers: the command line, else Temporal's own variables and profile, else `DIR/stack.json`, else this machine.
 * Keys and certificates belong to the address they were given for, so the embedded stack never gets them.
 */
export function resolveTarget({ address, namespace, dir, config }: TargetSources): ConnectionOptions & { namespace: string } {
  const { connectionOptions } = config;
  const given = address ?? connectionOptions.address;
  if (given)
    return { ...withoutUndefined(connectionOptions), address: given, namespace: namespace ?? config.namespace ?? NAMESPACE };
  const stack = readStack(dir);
  return {
    address: stack?.address ?? DEFAULT_ADDRESS,
    namespace: namespace ?? config.namespace ?? stack?.namespace ?? NAMESPACE,
  };
}

/** Null when no stack runs on DIR. */
function readStack(dir: string): { address: string; namespace: string } | null {
  const file = path.join(dir, 'stack.json');
  const refuse = (found: string) =>
    new CliFailure('Failed', `${file}: expected { "temporal": { "address", "namespace" } }, got ${found}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw refuse(message);
  }
  const { address, namespace } = Object(Object(content).temporal);
  if (typeof address !== 'string' || typeof namespace !== 'string' || !address || !namespace) throw refuse('another shape');
  return { address, namespace };
}

/** The SDK distinguishes a missing option from an undefined one. */
function withoutUndefined(options: ConnectionOptions): ConnectionOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
