import path from 'node:path';
import { z } from 'zod';
import { DEFAULT_LIMITS, type GatewayLimits } from './dependencies';
import type { TlsFiles } from './tls';

/** What `npm run gateway` reads from the environment besides Temporal's own variables (docs/settings.md). */
export interface GatewaySettings {
  host: string;
  /** 0: any free one. */
  port: number;
  /** The port of `GET /metrics`; null: none. */
  metricsPort: number | null;
  /** Null: plain HTTP. */
  tls: TlsFiles | null;
  limits: GatewayLimits;
  /** Where logs and terminals come from; null: this gateway has none. */
  runtime: 'sandbox' | 'kubernetes' | null;
  /** Where secrets are kept. */
  secrets: { store: 'files' | 'kubernetes'; namespace: string };
  /** The folder of the embedded stack, absolute. */
  dir: string;
  images: string;
  kubeconfig: string | null;
  kubernetesContext: string | null;
  logLevel: string;
}

/** An empty value counts as absent. */
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || null);

/** An empty value would be coerced to 0. */
const count = (fallback: number, min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  const number = z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
  return z.preprocess((text) => (String(text ?? '').trim() === '' ? undefined : text), number.default(fallback));
};

const SCHEMA = z
  .object({
    PERENNIAL_GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
    PERENNIAL_GATEWAY_PORT: count(8080, 0, 65_535),
    PERENNIAL_GATEWAY_METRICS_PORT: optionalText.pipe(
      z
        .string()
        .regex(/^\d{1,5}$/, 'expected a port')
        .nullable(),
    ),
    PERENNIAL_GATEWAY_TLS_CERT: optionalText,
    PERENNIAL_GATEWAY_TLS_KEY: optionalText,
    PERENNIAL_GATEWAY_CALLS_PER_MINUTE: count(DEFAULT_LIMITS.callsPerMinute, 1, 1_000_000),
    PERENNIAL_GATEWAY_SERVICE_CALLS_PER_MINUTE: count(DEFAULT_LIMITS.serviceCallsPerMinute, 1, 10_000_000),
    PERENNIAL_GATEWAY_PINGS_PER_MINUTE: count(DEFAULT_LIMITS.pingsPerMinute, 1, 1_000_000),
    PERENNIAL_GATEWAY_SERVICE_PINGS_PER_MINUTE: count(DEFAULT_LIMITS.servicePingsPerMinute, 1, 10_000_000),
    PERENNIAL_RUNTIME: z.enum(['sandbox', 'kubernetes', 'none']).default('none'),
    PERENNIAL_SECRETS: z.enum(['files', 'kubernetes']).optional(),
    PERENNIAL_SECRETS_NAMESPACE: z.string().min(1).default('perennial-system'),
    PERENNIAL_DIR: z.string().min(1).default('.perennial'),
    PERENNIAL_IMAGES: z.string().min(1).default('images'),
    KUBECONFIG: optionalText,
    PERENNIAL_KUBERNETES_CONTEXT: optionalText,
    PERENNIAL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  })
  .refine(({ PERENNIAL_GATEWAY_TLS_CERT: cert, PERENNIAL_GATEWAY_TLS_KEY: key }) => (cert === null) === (key === null), {
    path: ['PERENNIAL_GATEWAY_TLS_KEY'],
    message: 'expected both PERENNIAL_GATEWAY_TLS_CERT and PERENNIAL_GATEWAY_TLS_KEY, or neither',
  });

/** Checks the settings. Throws one sentence that names each variable that is wrong, what was expected, and what came. */
export function readSettings(environment: NodeJS.ProcessEnv): GatewaySettings {
  const parsed = SCHEMA.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: [name], message }) => {
      return `${String(name)}: ${message}, got ${JSON.stringify(environment[String(name)])}`;
    });
    throw new Error(`the settings are wrong: ${problems.join('; ')}`);
  }
  return settingsFrom(parsed.data);
}

function settingsFrom(data: z.infer<typeof SCHEMA>): GatewaySettings {
  const { PERENNIAL_GATEWAY_TLS_CERT: cert, PERENNIAL_GATEWAY_TLS_KEY: key, PERENNIAL_RUNTIME: runtime } = data;
  const metricsPort = data.PERENNIAL_GATEWAY_METRICS_PORT;
  return {
    host: data.PERENNIAL_GATEWAY_HOST,
    port: data.PERENNIAL_GATEWAY_PORT,
    metricsPort: metricsPort === null ? null : Number(metricsPort),
    tls: cert !== null && key !== null ? { cert, key } : null,
    limits: {
      ...DEFAULT_LIMITS,
      callsPerMinute: data.PERENNIAL_GATEWAY_CALLS_PER_MINUTE,
      serviceCallsPerMinute: data.PERENNIAL_GATEWAY_SERVICE_CALLS_PER_MINUTE,
      pingsPerMinute: data.PERENNIAL_GATEWAY_PINGS_PER_MINUTE,
      servicePingsPerMinute: data.PERENNIAL_GATEWAY_SERVICE_PINGS_PER_MINUTE,
    },
    runtime: runtime === 'none' ? null : runtime,
    secrets: {
      store: data.PERENNIAL_SECRETS ?? (runtime === 'kubernetes' ? 'kubernetes' : 'files'),
      namespace: data.PERENNIAL_SECRETS_NAMESPACE,
    },
    dir: path.resolve(data.PERENNIAL_DIR),
    images: path.resolve(data.PERENNIAL_IMAGES),
    kubeconfig: data.KUBECONFIG,
    kubernetesContext: data.PERENNIAL_KUBERNETES_CONTEXT,
    logLevel: data.PERENNIAL_LOG_LEVEL,
  };
}
