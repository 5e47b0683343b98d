import { type ReadyProcess, type ReadyProcessSpec, startReadyProcess } from './ready-process';

/** Bundling the workflows takes 2 s, on a busy machine above 10. */
const READY_LIMIT_MS = 120_000;
/** Longer than the 10 s after which the worker ends its own waiting for tasks; hooks run on in their sandboxes meanwhile. */
const GRACE_MS = 12_000;

export interface WorkerSpec extends Pick<ReadyProcessSpec, 'script' | 'dir' | 'env' | 'say' | 'signal' | 'onSpawn'> {
  /** The gateway's URL as workspaces reach it; empty: they do not. */
  gatewayUrl: string;
}

/** Starts the worker, and resolves when it polls. */
export function startWorkerProcess(spec: WorkerSpec): Promise<ReadyProcess> {
  return startReadyProcess({
    ...spec,
    name: 'worker',
    readyWithinMs: READY_LIMIT_MS,
    graceMs: GRACE_MS,
    env: {
      ...spec.env,
      PERENNIAL_GATEWAY_URL: spec.gatewayUrl,
    },
  });
}
