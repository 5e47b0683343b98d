import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Runtime } from '../runtimes/runtime';
import { CliFailure } from './failure';
import type { Session } from './session';

/** Does work on the runtime that holds a home; `null` stands for a runtime that is on another machine, or under another DIR. */
export async function withRuntimeOf<T>(session: Session, id: string, work: (runtime: Runtime | null) => Promise<T>): Promise<T> {
  if (!existsSync(path.join(session.dir, 'homes', id))) return work(null);
  return withRuntime(session, work);
}

/** Does work on the runtime of DIR, then lets go of it; what runs there lives on. */
export async function withRuntime<T>({ context, dir }: Session, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  // Opening a runtime on a wrong folder would make one there.
  if (!existsSync(path.join(dir, 'homes'))) {
    throw new CliFailure(
      'NotFound',
      `${dir}: expected the folder of an embedded stack (--dir or PERENNIAL_DIR), got one without homes`,
    );
  }
  const runtime = context.openRuntime({ dir, images: context.settings.images });
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}
