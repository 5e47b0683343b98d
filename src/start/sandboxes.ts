import { createSandboxRuntime } from '../runtimes/sandbox';

/** Ends every sandbox of DIR, and marks it as ended by the stack, so that its loss is not counted against its workspace. */
export async function endSandboxes({ dir, images }: { dir: string; images: string }): Promise<void> {
  const runtime = createSandboxRuntime({ dir, images });
  try {
    await runtime.endAll?.();
  } finally {
    await runtime.close();
  }
}
