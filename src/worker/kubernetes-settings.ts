import { isIP } from 'node:net';
import { z } from 'zod';
import { parseQuantity } from '../contract/quantity';
import type { ClusterSettings } from '../runtimes/kubernetes/settings';

const name = z.string().regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/, 'expected the name of an object');
const labelKey = z
  .string()
  .regex(/^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/, 'expected the key of a label');
const labelValue = z.string().regex(/^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/, 'expected the value of a label');
const labels = z.record(labelKey, labelValue);
const quantity = z.string().refine((text) => parseQuantity(text) !== null, 'expected a quantity such as 20Gi');
const addressRange = z.string().refine(isAddressRange, 'expected a range of addresses such as 10.0.0.0/8');

const tolerations = z.array(
  z.strictObject({
    key: labelKey.exactOptional(),
    operator: z.enum(['Exists', 'Equal']).exactOptional(),
    value: labelValue.exactOptional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
    tolerationSeconds: z.int().exactOptional(),
  }),
);

/** The part of a pod's spec that the administrator may set. */
const pod = z.strictObject({
  runtimeClassName: name.exactOptional(),
  nodeSelector: labels.exactOptional(),
  tolerations: tolerations.exactOptional(),
  priorityClassName: name.exactOptional(),
  hostUsers: z.boolean().exactOptional(),
  ephemeralStorage: z.strictObject({ request: quantity.exactOptional(), limit: quantity.exactOptional() }).exactOptional(),
});

const selector = z.strictObject({ matchLabels: labels.exactOptional() });
const peer = z
  .strictObject({
    namespaceSelector: selector.exactOptional(),
    podSelector: selector.exactOptional(),
    ipBlock: z.strictObject({ cidr: addressRange }).exactOptional(),
  })
  .refine(
    ({ ipBlock, namespaceSelector, podSelector }) =>
      (ipBlock === undefined) !== ((namespaceSelector ?? podSelector) === undefined),
    'expected ipBlock, or namespaceSelector and podSelector',
  );
const port = z.int().min(1).max(65_535);

const network = z.strictObject({
  dns: z
    .strictObject({ peers: z.array(peer).min(1).exactOptional(), ports: z.array(port).min(1).exactOptional() })
    .exactOptional(),
  closed: z.array(addressRange).exactOptional(),
});

/** JSON in a variable; an empty one counts as unset. */
const json = z
  .string()
  .default('')
  .transform((text, context): unknown => {
    try {
      return text.trim() === '' ? {} : JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'expected an object in JSON' });
      return z.NEVER;
    }
  });

/** `PodSettings` from a variable. */
export const podSettings = json.pipe(pod);
/** The part of `NetworkSettings` that a variable sets. */
export const networkSettings = json.pipe(network);

/** The settings from the variable, with the default for each list that is absent. */
export function networkOf(
  changed: z.infer<typeof network>,
  { dns, closed }: ClusterSettings['network'],
): ClusterSettings['network'] {
  return {
    dns: { peers: changed.dns?.peers ?? dns.peers, ports: changed.dns?.ports ?? dns.ports },
    closed: changed.closed ?? closed,
  };
}

/** The address in the gateway's URL, which the network policy of workspaces names; a name is of a service in the cluster. */
export function gatewayAddressIn(url: string | null): Pick<ClusterSettings['network'], 'gateway'> {
  if (url === null) return {};
  const { hostname, port, protocol } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return {};
  return { gateway: { address, port: Number(port) || (protocol === 'https:' ? 443 : 80) } };
}

function isAddressRange(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  return version !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}
