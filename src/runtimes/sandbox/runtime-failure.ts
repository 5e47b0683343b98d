import { RuntimeFailure } from '../failure';

/** Runs work, and turns any error of the system into a failure of the closed list. */
export async function asFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeFailure) throw error;
    const isFull = FULL.has((error as NodeJS.ErrnoException).code ?? '');
    const message = `the sandbox's machine failed: ${error instanceof Error ? error.message : String(error)}`;
    throw new RuntimeFailure(isFull ? 'NoCapacity' : 'RuntimeUnavailable', message, { cause: error });
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE']);
