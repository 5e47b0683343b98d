import type { GatewayHttp } from '../../client/gateway/http';
import type { KeyDelivery } from '../../client/key-delivery';
import type { KeyView, SecretView } from '../../contract/secrets';
import type { SecretHolder } from '../../secrets/named-secrets';
import type { SecretKeeper } from '../keeper';

/** The gateway waits a minute for the delivery of a key, and signals many workspaces of an organization before and after a change. */
const ANSWER_WITHIN_MS = 180_000;

/** Secrets and keys through the gateway, which takes `by` from the token. */
export function createGatewayKeeper(gateway: GatewayHttp): SecretKeeper {
  const change = <T>(method: string, path: string, body?: unknown) => gateway.json<T>(method, path, body, ANSWER_WITHIN_MS);
  return {
    list: (holder) => gateway.json<SecretView[]>('GET', secretsPath(holder)),
    set: (holder, { name, target, value }) =>
      change('PUT', `${secretsPath(holder)}/${name}`, { value: value.toString('base64'), encoding: 'base64', target }),
    delete: async (holder, { name }) => {
      await change('DELETE', `${secretsPath(holder)}/${name}`);
    },
    showKey: (owner) => gateway.json<KeyView>('GET', keyPath(owner)),
    rotateKey: (owner) => change<KeyView & KeyDelivery>('POST', `${keyPath(owner)}/rotate`),
  };
}

const secretsPath = ({ scope, name }: SecretHolder): string => `/v1/${scope}s/${name}/secrets`;

const keyPath = (owner: string): string => `/v1/owners/${owner}/key`;
