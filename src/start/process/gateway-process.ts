import { type ReadyProcess, type ReadyProcessSpec, startReadyProcess } from './ready-process';

const READY_LIMIT_MS = 60_000;
/** Longer than the 12 s in which the gateway drains. It ends beside the worker, so it adds nothing to the whole end. */
const GRACE_MS = 13_000;

export interface GatewaySpec extends Pick<ReadyProcessSpec, 'script' | 'dir' | 'env' | 'say' | 'signal' | 'onSpawn'> {
  host: string;
  port: number;
}

/** Starts the gateway over plain HTTP, and resolves when it listens. */
export function startGatewayProcess(spec: GatewaySpec): Promise<ReadyProcess> {
  return startReadyProcess({
    ...spec,
    name: 'gateway',
    readyWithinMs: READY_LIMIT_MS,
    graceMs: GRACE_MS,
    env: {
      ...spec.env,
      PERENNIAL_GATEWAY_HOST: spec.host,
      PERENNIAL_GATEWAY_PORT: String(spec.port),
      PERENNIAL_GATEWAY_TLS_CERT: '',
      PERENNIAL_GATEWAY_TLS_KEY: '',
    },
  });
}
