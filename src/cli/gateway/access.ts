import { readFile } from 'node:fs/promises';
import type { GatewayAccess } from '../../client/gateway/http';
import { CliFailure } from '../failure';

/** The gateway of `PERENNIAL_URL`, with the token of `PERENNIAL_TOKEN_FILE` or `PERENNIAL_TOKEN`; null unless both are named. */
export function readGatewayAccess(env: NodeJS.ProcessEnv): GatewayAccess | null {
  const { PERENNIAL_URL: url, PERENNIAL_TOKEN_FILE: file, PERENNIAL_TOKEN: token } = env;
  if (!url || !(file || token)) return null;
  return {
    url,
    async readToken() {
      if (!/^https?:\/\//.test(url))
        throw new CliFailure('InvalidRequest', `PERENNIAL_URL: expected http: or https:, got ${url}`);
      return file ? readToken(file) : (token ?? '');
    },
  };
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new CliFailure('NotFound', `PERENNIAL_TOKEN_FILE: expected a file with a token: ${(error as Error).message}`);
  }
}
