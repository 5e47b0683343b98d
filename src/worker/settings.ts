import { resolve } from 'node:path';
import { z } from 'zod';
import type { KubernetesOptions } from '../runtimes/kubernetes';
import { CLUSTER_DEFAULTS } from '../runtimes/kubernetes/settings';
import type { SandboxOptions } from '../runtimes/sandbox';
import { asImage } from '../workflows/input/fields';
import { FEWEST_CARE_SLOTS } from './care-slots';
import { gatewayAddressIn, networkOf, networkSettings, podSettings } from './kubernetes-settings';

/** What `npm run worker` reads from the environment besides Temporal's own variables (docs/settings.md). */
export interface WorkerSettings {
  runtime: 'sandbox' | 'kubernetes';
  sandbox: SandboxOptions & { isolation: 'auto' | 'plain' };
  kubernetes: KubernetesOptions;
  /** Where keys and secrets are kept, and the gateway's URL as workspaces reach it; null: they get no access. */
  secrets: { store: 'files' | 'kubernetes'; namespace: string; gatewayUrl: string | null };
  /** The `defaultImage` of the default organization when that is created; null for none. */
  firstImage: string | null;
  startSlots: number;
  careSlots: number;
  watchIntervalMs: number;
  maxCachedWorkflows: number;
  logLevel: string;
}

/** A shorter interval loads the cluster; with a longer one lost pods are detected later than users expect. */
const WATCH_INTERVAL_MS = { min: 100, max: 60_000 };

const count = (fallback: number, max: number, min = 1) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error }).default(fallback);
};

/** An image of the repository. */
const SANDBOX_IMAGE = 'starter:1';

/** An empty value counts as absent. */
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || null);

/** The name of a Kubernetes namespace. */
const namespaceName = z.string().regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'expected the name of a namespace');

const SCHEMA = z.object({
  PERENNIAL_RUNTIME: z.enum(['sandbox', 'kubernetes']).default('sandbox'),
  PERENNIAL_DIR: z.string().min(1).default('.perennial'),
  PERENNIAL_IMAGES: z.string().min(1).default('images'),
  PERENNIAL_SANDBOX_ISOLATION: z.enum(['auto', 'plain']).default('auto'),
  KUBECONFIG: optionalText,
  PERENNIAL_KUBERNETES_CONTEXT: optionalText,
  PERENNIAL_KUBERNETES_STORAGE_CLASS: optionalText,
  PERENNIAL_KUBERNETES_ACCESS_MODE: z.enum(['ReadWriteOnce', 'ReadWriteOncePod']).default('ReadWriteOnce'),
  PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent']).default('Always'),
  PERENNIAL_KUBERNETES_IMAGE_PULL_SECRETS: z.string().default(''),
  PERENNIAL_KUBERNETES_POD: podSettings,
  PERENNIAL_KUBERNETES_NETWORK: networkSettings,
  PERENNIAL_SECRETS: optionalText.pipe(z.enum(['files', 'kubernetes']).nullable()),
  PERENNIAL_SECRETS_NAMESPACE: optionalText.pipe(namespaceName.nullable()),
  PERENNIAL_GATEWAY_URL: optionalText.refine((text) => text === null || isHttpUrl(text), 'expected an http or https URL'),
  PERENNIAL_FIRST_IMAGE: optionalText.refine((text) => text === null || isImage(text), 'expected an image reference'),
  PERENNIAL_START_SLOTS: count(10, 1_000),
  PERENNIAL_CARE_SLOTS: count(200, 10_000, FEWEST_CARE_SLOTS),
  PERENNIAL_WATCH_INTERVAL_MS: count(1_000, WATCH_INTERVAL_MS.max, WATCH_INTERVAL_MS.min),
  PERENNIAL_MAX_CACHED_WORKFLOWS: count(2_000, 100_000),
  PERENNIAL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** Checks the settings. Throws one sentence that names each variable that is wrong, what was expected, and what came. */
export function readSettings(environment: NodeJS.ProcessEnv): WorkerSettings {
  const parsed = SCHEMA.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      const field = path.length > 1 ? ` (${path.slice(1).join('.')})` : '';
      return `${name}${field}: ${message}, got ${JSON.stringify(environment[name])}`;
    });
    throw new Error(`the settings are wrong: ${problems.join('; ')}`);
  }
  const { data } = parsed;
  return {
    runtime: data.PERENNIAL_RUNTIME,
    sandbox: {
      dir: resolve(data.PERENNIAL_DIR),
      images: resolve(data.PERENNIAL_IMAGES),
      isolation: data.PERENNIAL_SANDBOX_ISOLATION,
    },
    kubernetes: {
      kubeconfig: data.KUBECONFIG,
      ...(data.PERENNIAL_KUBERNETES_CONTEXT !== null && { context: data.PERENNIAL_KUBERNETES_CONTEXT }),
      storageClass: data.PERENNIAL_KUBERNETES_STORAGE_CLASS,
      accessMode: data.PERENNIAL_KUBERNETES_ACCESS_MODE,
      imagePullPolicy: data.PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY,
      imagePullSecrets: data.PERENNIAL_KUBERNETES_IMAGE_PULL_SECRETS.split(',').filter((name) => name !== ''),
      pod: data.PERENNIAL_KUBERNETES_POD,
      network: {
        ...networkOf(data.PERENNIAL_KUBERNETES_NETWORK, CLUSTER_DEFAULTS.network),
        ...gatewayAddressIn(data.PERENNIAL_GATEWAY_URL),
      },
    },
    secrets: {
      store: data.PERENNIAL_SECRETS ?? (data.PERENNIAL_RUNTIME === 'kubernetes' ? 'kubernetes' : 'files'),
      namespace: data.PERENNIAL_SECRETS_NAMESPACE ?? 'perennial-system',
      gatewayUrl: data.PERENNIAL_GATEWAY_URL && new URL(data.PERENNIAL_GATEWAY_URL).origin,
    },
    firstImage: data.PERENNIAL_FIRST_IMAGE ?? (data.PERENNIAL_RUNTIME === 'sandbox' ? SANDBOX_IMAGE : null),
    startSlots: data.PERENNIAL_START_SLOTS,
    careSlots: data.PERENNIAL_CARE_SLOTS,
    watchIntervalMs: data.PERENNIAL_WATCH_INTERVAL_MS,
    maxCachedWorkflows: data.PERENNIAL_MAX_CACHED_WORKFLOWS,
    logLevel: data.PERENNIAL_LOG_LEVEL,
  };
}

/** The check of the workflow `organization`, which would fail with an image that it refuses. */
function isImage(text: string): boolean {
  try {
    return asImage('image', text) === text;
  } catch {
    return false;
  }
}

/** Without credentials, which would be in every workspace, and without a path, to which the workspace's command adds its own. */
function isHttpUrl(text: string): boolean {
  try {
    const { protocol, username, password, pathname, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '' && pathname === '/';
  } catch {
    return false;
  }
}
