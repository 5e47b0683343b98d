import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive, type ProcessIdentity } from '../../runtimes/sandbox/process/identity';

/** Ends a process that is perhaps not our child: SIGTERM, and SIGKILL when it still lives after `graceMs`. */
export async function endProcess({ identity, graceMs }: { identity: ProcessIdentity; graceMs: number }): Promise<void> {
  send(identity, 'SIGTERM');
  if (await isGoneWithin(identity, graceMs)) return;
  send(identity, 'SIGKILL');
  await isGoneWithin(identity, 5_000);
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isProcessAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the check and the signal.
  }
}

async function isGoneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (isProcessAlive(identity)) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}
