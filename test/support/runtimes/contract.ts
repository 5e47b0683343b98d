import { type RuntimeEnv, useRuntimeEnv } from './contract-harness';
import { homeRules } from './contract-homes';
import { insideRules, waitingRules } from './contract-inside';
import { podRules } from './contract-pods';

export { expectFailure, patiently, podSpec, type RuntimeEnv } from './contract-harness';

/** The rules that every runtime keeps. */
export function runtimeContract(name: string, makeEnv: () => Promise<RuntimeEnv>): void {
  describe(`The contract of the ${name} runtime`, () => {
    const context = useRuntimeEnv(makeEnv);
    describe('for homes', () => homeRules(context));
    describe('for pods', () => podRules(context));
    describe('for what runs inside', () => insideRules(context));
    describe('for waiting', () => waitingRules(context));
  });
}
