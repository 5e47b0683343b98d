import type { PerennialClient } from '../../client';
import { gatewayClient } from '../../client/gateway/client';
import { createGatewayHttp, type GatewayAccess, type GatewayHttp } from '../../client/gateway/http';
import { CliFailure } from '../failure';

/** A gateway, and a client on it without a connection to Temporal, for commands that need no more than the gateway offers. */
export function openGateway(access: GatewayAccess): { gateway: GatewayHttp; client: PerennialClient } {
  const gateway = createGatewayHttp(access);
  const client: PerennialClient = {
    ...gatewayClient(gateway),
    create: refuse,
    organization: refuse,
    campaign: refuse,
    owner: refuse,
    get temporal() {
      return refuse();
    },
    close: async () => undefined,
  };
  return { gateway, client };
}

function refuse(): never {
  throw new CliFailure('NotAllowed', 'the gateway (PERENNIAL_URL) does not offer this; name the address of Temporal (--address)');
}
