import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { z } from 'zod';
import { NAMESPACE } from '../../contract/names';
import type { TemporalConfig } from '../context';
import { CliFailure } from '../failure';

const DEFAULT_ADDRESS = 'localhost:7233';

const stackSchema = z.object({ temporal: z.object({ address: z.string().min(1), namespace: z.string().min(1) }) });

/** Everything that may say where Temporal answers. */
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
  if (given) return { ...withoutGaps(connectionOptions), address: given, namespace: namespace ?? config.namespace ?? NAMESPACE };
  const stack = readStack(dir);
  return {
    address: stack?.address ?? DEFAULT_ADDRESS,
    namespace: namespace ?? config.namespace ?? stack?.namespace ?? NAMESPACE,
  };
}

/** Null when no stack runs on DIR. */
function readStack(dir: string): { address: string; namespace: string } | null {
  const file = path.join(dir, 'stack.json');
  try {
    return stackSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).temporal;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    const came = error instanceof z.ZodError ? 'another shape' : (error as Error).message;
    throw new CliFailure('Failed', `${file}: expected { "temporal": { "address", "namespace" } }, got ${came}`);
  }
}

/** The SDK tells a missing option from one that is undefined. */
function withoutGaps(options: ConnectionOptions): ConnectionOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
